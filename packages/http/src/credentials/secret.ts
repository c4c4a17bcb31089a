/** A secret that is given in one of several ways, as a source of grants. */
import { type CallContext, currentOf, isLive, type Live } from '@fwk/kernel';
import type { BoundCredentials, CredentialsParts, Grant } from '../client/client-credentials.js';
import { givenHeaders, type HeaderValues } from '../client/client-headers.js';
import { type FetchedToken, type KeeperParts, NoTokenError, type RefreshOptions, TokenKeeper } from './token-keeper.js';

/** A secret: as it is, live (from configuration or a file that is followed), or fetched when it is needed. */
export type Secret = string | Live<string> | SecretFunction;

/**
 * Fetches a secret. It is asked once and again when the secret has run out, a while before that, and after a callee refused it.
 * @param signal - aborted once nobody waits for it
 */
export type SecretFunction = (signal: AbortSignal) => FetchedSecret | Promise<FetchedSecret>;

/** The secret alone, which holds until it is refused; or with its end. */
export type FetchedSecret = string | FetchedToken;

/** Whether something can be a secret. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === 'function' || isLive(value) || (typeof value === 'string' && value !== '');
}

/**
 * Binds a secret.
 * @param headersOf - the headers that show it.
 */
export function boundSecret(
  secret: Secret,
  kind: string,
  { service, env }: CredentialsParts,
  options: RefreshOptions,
  headersOf: (secret: string) => HeaderValues,
): BoundCredentials {
  if (typeof secret !== 'function') return new GivenSecret(secret, headersOf);
  const fetch = async (signal: AbortSignal): Promise<FetchedToken> => {
    const fetched = await secret(signal);
    return typeof fetched === 'string' ? { token: fetched } : fetched;
  };
  return boundToken({ service, kind, env, fetch }, options, headersOf);
}

/** Binds a token that is kept. One that no header can carry is refused before: kept, it would fail each call until its end. */
export function boundToken(
  parts: KeeperParts,
  options: RefreshOptions,
  headersOf: (token: string) => HeaderValues,
): BoundCredentials {
  const fetch = async (signal: AbortSignal): Promise<FetchedToken> => {
    const fetched = await parts.fetch(signal);
    const token: unknown = Object(fetched).token;
    if (typeof token === 'string') givenHeaders(headersOf(token), refuseHeader);
    return fetched;
  };
  return new KeptSecret(new TokenKeeper({ ...parts, fetch }, options), headersOf);
}

function refuseHeader(name: string, why: string): never {
  throw new NoTokenError(`what was fetched cannot be sent: the header ${JSON.stringify(name)} ${why}`);
}

class GivenSecret implements BoundCredentials {
  readonly #secret: string | Live<string>;
  readonly #headersOf: (secret: string) => HeaderValues;
  #last: SecretGrant | undefined;

  constructor(secret: string | Live<string>, headersOf: (secret: string) => HeaderValues) {
    this.#secret = secret;
    this.#headersOf = headersOf;
  }

  grant(): Grant {
    const secret = currentOf(this.#secret);
    if (this.#last?.holds(secret)) return this.#last;
    this.#last = new SecretGrant(secret, this.#headersOf(secret));
    return this.#last;
  }

  /** Only where it has been changed meanwhile. */
  refused(grant: Grant): boolean {
    return grant !== this.grant();
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

class KeptSecret implements BoundCredentials {
  readonly #keeper: TokenKeeper;
  readonly #headersOf: (token: string) => HeaderValues;
  #last: SecretGrant | undefined;

  constructor(keeper: TokenKeeper, headersOf: (token: string) => HeaderValues) {
    this.#keeper = keeper;
    this.#headersOf = headersOf;
  }

  grant(context: CallContext): Grant | Promise<Grant> {
    const token = this.#keeper.get(context);
    return typeof token === 'string' ? this.#grantOf(token) : token.then((later) => this.#grantOf(later));
  }

  refused(grant: Grant): boolean {
    return grant instanceof SecretGrant && this.#keeper.refused(grant.reveal());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#keeper.close();
  }

  #grantOf(token: string): SecretGrant {
    if (!this.#last?.holds(token)) this.#last = new SecretGrant(token, this.#headersOf(token));
    return this.#last;
  }
}

/** A grant that does not show its secret to whoever prints it. */
class SecretGrant implements Grant {
  readonly #secret: string;
  readonly #headers: HeaderValues;

  constructor(secret: string, headers: HeaderValues) {
    this.#secret = secret;
    this.#headers = headers;
  }

  get headers(): HeaderValues {
    return this.#headers;
  }

  holds(secret: string): boolean {
    return secret === this.#secret;
  }

  reveal(): string {
    return this.#secret;
  }
}
