/** The credentials that are a secret in a header. */
import { checkOptions, millisecondsIn, OptionsError, type Rule } from '@fwk/kernel';
import type { Credentials } from '../client/client-credentials.js';
import { headerNameFault } from '../contract/header-field.js';
import { boundSecret, isSecret, type Secret } from './secret.js';
import { type RefreshOptions, refreshDefaults } from './token-keeper.js';

/** Rules of {@link RefreshOptions}. */
export const refreshRules = Object.freeze({
  refreshAheadMs: millisecondsIn(0, 3_600_000),
  timeoutMs: millisecondsIn(1, 60_000),
});

/**
 * `Authorization: Bearer …` (RFC 6750).
 * @param token - with a function, fetched when it is needed, again before it runs out, and once after a 401.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example bearer(async () => ({ token: await vault.read('provider'), expiresInMs: 300_000 }))
 */
export function bearer(token: Secret, options?: Partial<RefreshOptions>): Credentials {
  return shown('bearer', token, options, (secret) => ({ authorization: `Bearer ${secret}` }));
}

/** Options of {@link apiKey}. */
export interface ApiKeyOptions extends RefreshOptions {
  /** The header that carries it. @defaultValue 'x-api-key' */
  readonly header: string;
}

/** Defaults of {@link ApiKeyOptions}. */
export const apiKeyDefaults = Object.freeze({ ...refreshDefaults, header: 'x-api-key' }) satisfies ApiKeyOptions;

/**
 * A key in a header of its own. Keys do not go into the query: URLs stand in logs, of whoever is on the way too.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function apiKey(key: Secret, options?: Partial<ApiKeyOptions>): Credentials {
  const isHeader: Rule = (value) =>
    typeof value === 'string' && headerNameFault(value.toLowerCase()) === undefined
      ? undefined
      : 'the name of a header';
  const { header, ...refresh } = checkOptions<ApiKeyOptions>('apiKey', options, apiKeyDefaults, {
    ...refreshRules,
    header: isHeader,
  });
  return shown('api-key', key, refresh, (secret) => ({ [header]: secret }));
}

/** Name and password of {@link basic}. */
export interface BasicOptions extends RefreshOptions {
  /** Without a colon (RFC 7617). */
  readonly username: string;
  readonly password: Secret;
}

/**
 * `Authorization: Basic …` (RFC 7617), in UTF-8.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example basic({ username: 'shop', password: settings.map(({ providerPassword }) => providerPassword) })
 */
export function basic({
  username,
  password,
  ...options
}: Pick<BasicOptions, 'username' | 'password'> & Partial<RefreshOptions>): Credentials {
  if (typeof username !== 'string' || username === '' || username.includes(':')) {
    throw new OptionsError('basic', ['username must be a non-empty string without ":"']);
  }
  return shown('basic', password, options, (secret) => ({
    authorization: `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`,
  }));
}

function shown(
  kind: string,
  secret: Secret,
  given: Partial<RefreshOptions> | undefined,
  headersOf: (secret: string) => Readonly<Record<string, string>>,
): Credentials {
  if (!isSecret(secret)) {
    throw new OptionsError(kind, ['the secret must be a non-empty string, a live one, or a function that fetches it']);
  }
  const options = checkOptions<RefreshOptions>(kind, given, refreshDefaults, refreshRules);
  return Object.freeze({
    kind,
    bind: (parts) => boundSecret(secret, kind, parts, options, headersOf),
  } satisfies Credentials);
}
