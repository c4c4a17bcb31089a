/** What a registry says of an agent that does not answer, or refuses its token. */
import type { ConsulErrors } from '@fwk/kernel/consul';
import { RegistryDeniedError, RegistryUnavailableError } from '../../errors.js';

/** A token that cannot change is refused for good; another one is tried with the next request. */
export const registryErrors: ConsulErrors = Object.freeze({
  unavailable: (place: string, problem: string, cause?: unknown) => new RegistryUnavailableError(place, problem, cause),
  refused(place: string, said: string, mayChange: boolean) {
    if (mayChange) return new RegistryUnavailableError(place, `it refuses the token: ${said}`);
    const advice = 'set CONSUL_HTTP_TOKEN, or the option token, to one that may';
    return new RegistryDeniedError(place, `refuses the token: ${said}; ${advice}`);
  },
});
