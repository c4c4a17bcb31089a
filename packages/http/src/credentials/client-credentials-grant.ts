/**
 * The client credentials grant of OAuth 2.0 (RFC 6749, section 4.4). The protocol is that of `oauth4webapi`, an optional peer dependency
 * that is loaded for the first token. Its requests go through a `fetch` of ours, as calls of any other service: with limits of time,
 * TLS and the proxy of the client, and shown with it.
 */
import { anything, checkOptions, isLoopback, OptionsError, optional, type Rule, text } from '@fwk/kernel';
import { type ServiceFetch, serviceFetch } from '../adapters/service-fetch.js';
import type { BoundCredentials, Credentials, CredentialsParts } from '../client/client-credentials.js';
import { askTokenServer } from './ask-token-server.js';
import { refreshRules } from './given-secrets.js';
import { boundToken, isSecret, type Secret } from './secret.js';
import { type RefreshOptions, refreshDefaults } from './token-keeper.js';

/** Options of {@link clientCredentials}. */
export interface ClientCredentialsOptions extends RefreshOptions {
  /** Where tokens are asked for; `https:`, or `http:` on this machine. */
  readonly tokenUrl: string;
  readonly clientId: string;
  /** A function of it is asked for each token. */
  readonly clientSecret: Secret;
  /** How the token server is shown the secret: in `Authorization: Basic`, or in the form. @defaultValue 'basic' */
  readonly authentication: 'basic' | 'form';
  /** Scopes, separated by blanks. @defaultValue those that the server gives */
  readonly scope: string | undefined;
  /** Further fields of the form, such as `audience` or `resource`. @defaultValue none */
  readonly parameters: Readonly<Record<string, string>> | undefined;
}

/** Defaults of {@link ClientCredentialsOptions}. */
export const clientCredentialsDefaults = Object.freeze({
  ...refreshDefaults,
  authentication: 'basic',
  scope: undefined,
  parameters: undefined,
}) satisfies Partial<ClientCredentialsOptions>;

type Given = Pick<ClientCredentialsOptions, 'tokenUrl' | 'clientId' | 'clientSecret'> &
  Partial<ClientCredentialsOptions>;

/**
 * OAuth 2.0 for services: a token of the token server, fetched when it is needed, ahead of its end, and once after a 401. Needs
 * `npm install oauth4webapi`.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example clientCredentials({ tokenUrl: 'https://login.example.com/oauth/token', clientId: 'shop', clientSecret })
 */
export function clientCredentials(given: Given): Credentials {
  const secretProblems = [
    ...(isTokenUrl(given.tokenUrl)
      ? []
      : ['tokenUrl must be an https: URL without user and password, or an http: one of this machine']),
    ...(isSecret(given.clientSecret)
      ? []
      : ['clientSecret must be a non-empty string, a live one, or a function that fetches it']),
  ];
  if (secretProblems.length > 0) throw new OptionsError('clientCredentials', secretProblems);
  const options = checkOptions<ClientCredentialsOptions>(
    'clientCredentials',
    given,
    clientCredentialsDefaults as ClientCredentialsOptions,
    {
      ...refreshRules,
      // Checked above, where their values are not shown.
      tokenUrl: anything,
      clientId: text,
      clientSecret: anything,
      authentication: (value) => (value === 'basic' || value === 'form' ? undefined : "'basic' or 'form'"),
      scope: optional(text),
      parameters: optional(isForm),
    },
  );
  return Object.freeze({
    kind: 'oauth',
    bind: (parts: CredentialsParts) => new TokenServer(options, parts).credentials(),
  });
}

function isTokenUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')));
}

const isForm: Rule = (value) =>
  typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'string')
    ? undefined
    : 'an object of names and texts';

/** One token server, asked for one client. */
class TokenServer {
  readonly #options: ClientCredentialsOptions;
  readonly #parts: CredentialsParts;
  readonly #fetch: ServiceFetch;

  constructor(options: ClientCredentialsOptions, parts: CredentialsParts) {
    this.#options = options;
    this.#parts = parts;
    const { origin, protocol } = new URL(options.tokenUrl);
    const { tls, proxy, env } = parts;
    // Its own limit of time is the keeper's. A token may be asked for again, whatever the method says; the keeper does that.
    this.#fetch = serviceFetch('token-server', {
      endpoints: [origin],
      policy: `${parts.service}-tokens`,
      timeoutMs: options.timeoutMs,
      deadlineMs: options.timeoutMs,
      retry: false,
      breaker: false,
      env,
      ...(tls && protocol === 'https:' && { tls }),
      ...(proxy !== undefined && { proxy }),
    });
  }

  credentials(): BoundCredentials {
    const { service, env } = this.#parts;
    const fetch = (signal: AbortSignal) =>
      askTokenServer(this.#options, (path, init) => this.#fetch(path, init), signal);
    const parts = { service, kind: 'oauth', env, fetch };
    const bound = boundToken(parts, this.#options, (token) => ({ authorization: `Bearer ${token}` }));
    return {
      grant: (context) => bound.grant(context),
      refused: (grant) => bound.refused(grant),
      [Symbol.asyncDispose]: async () => {
        await bound[Symbol.asyncDispose]();
        await this.#fetch[Symbol.asyncDispose]();
      },
    };
  }
}
