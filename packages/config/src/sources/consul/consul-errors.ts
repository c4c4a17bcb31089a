/** What a source of settings says of Consul. */
import type { ConsulErrors } from '@fwk/kernel/consul';
import { ConfigError } from '../../errors.js';

/**
 * @param source - name of the source.
 * @param right - what its token must be allowed: `key_prefix "config/shop/" { policy = "read" }`.
 */
export function consulErrors(source: string, right: string): ConsulErrors {
  const origin = { source };
  return {
    unavailable: (place, problem, cause) =>
      new ConfigError('FWK_CONFIG_SOURCE_UNREACHABLE', `Consul at ${place} does not say what is there: ${problem}`, {
        origin,
        cause,
      }),
    refused: (place, said) =>
      new ConfigError('FWK_CONFIG_SOURCE_DENIED', `Consul at ${place} refuses the token: ${said}; it needs ${right}`, {
        origin,
      }),
  };
}

/** There is nothing, where something must be. */
export function nothingThere(source: string, what: string): ConfigError {
  const message = `Consul has ${what}; write it, correct its name, or make the source optional by optionalSource()`;
  return new ConfigError('FWK_CONFIG_KEY_MISSING', message, { origin: { source } });
}
