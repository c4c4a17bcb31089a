import { ConfigError } from '../errors.js';

/** What a configuration that is not loaded answers to whoever reads it. @throws ConfigError `FWK_CONFIG_NOT_LOADED`. */
export function notLoaded(): never {
  throw new ConfigError(
    'FWK_CONFIG_NOT_LOADED',
    'the configuration was read before it was loaded; list config() first in `use`, and read in or after start',
  );
}
