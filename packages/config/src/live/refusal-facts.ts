import { isFwkError } from '@fwk/kernel';
import { ConfigError, ConfigInvalidError } from '../errors.js';
import type { Refusal } from '../settings/config.js';

/** What a refusal says of the error behind it. */
export function factsOf(error: Error): Pick<Refusal, 'code' | 'source' | 'issues'> {
  const issues = error instanceof ConfigInvalidError ? error.issues : [];
  const origin = error instanceof ConfigError ? (error.origin ?? issues[0]?.origin) : undefined;
  const code = isFwkError(error) ? error.code : 'FWK_CONFIG_SOURCE_FAILED';
  return { code, source: origin?.source, issues };
}

/** Whatever was thrown, as an error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
