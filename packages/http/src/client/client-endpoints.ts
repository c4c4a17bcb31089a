/** Where the calls of a client go: to servers in its own process where its policy allows that and there are any, else elsewhere. */
import { type ListChoice, preferredEndpoints } from '@fwk/discovery';
import type { Live } from '@fwk/kernel';
import type { WireChoice } from '../calling/wire-choice.js';
import { clientDefaults, type EndpointSource } from './client-options.js';

const choices: Readonly<Record<WireChoice, ListChoice>> = Object.freeze({
  auto: 'first-or-second',
  local: 'first',
  http: 'second',
  mux: 'second',
});

/** The endpoints that calls may take. @param wire - of the client's policy */
export function reachable(source: EndpointSource, wire: Live<WireChoice | undefined>): EndpointSource {
  const { local, endpoints } = source;
  if (!local) return source;
  const choice = wire.map((chosen = clientDefaults.wire) => choices[chosen]);
  return { ...source, endpoints: preferredEndpoints(local, endpoints, choice) };
}
