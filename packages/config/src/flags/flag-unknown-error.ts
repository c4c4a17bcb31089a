import { ConfigError } from '../errors.js';

/** An explanation was asked for a flag that is not defined. Code `FWK_CONFIG_FLAG_UNKNOWN`. */
export class FlagUnknownError extends ConfigError {
  constructor(name: string, hint: string) {
    super('FWK_CONFIG_FLAG_UNKNOWN', `there is no flag "${name.slice(0, 200)}"; ${hint}`);
  }
}
