/**
 * What proves to a callee who calls. A client is given a description of it and binds it; what is bound gives a grant for each
 * attempt. State: that of what is bound, such as its token; one for each client.
 */
import { type CallContext, type Env, isLoopback, maskText, OptionsError } from '@fwk/kernel';
import type { RequestSigner } from '../calling/request-to-sign.js';
import type { ClientProxy } from '../proxy/client-proxy.js';
import type { HeaderValues } from './client-headers.js';
import type { ClientTls } from './client-tls.js';

/** Credentials of a client: made by `bearer`, `basic`, `apiKey`, `clientCredentials`, or of your own. */
export interface Credentials {
  /** For messages and `describeClient`, such as `bearer`; never a secret. */
  readonly kind: string;
  /** Whether its grants sign: then requests are signed where their endpoint is known. @defaultValue false */
  readonly signs?: boolean;
  /** Begins its use by one client, which disposes of it. */
  bind(parts: CredentialsParts): BoundCredentials;
}

/** What a client gives to its credentials. */
export interface CredentialsParts {
  /** Service that is called. */
  readonly service: string;
  readonly env: Env;
  /** TLS of the client, for whoever asks a token server of the same company. */
  readonly tls: ClientTls | undefined;
  /** Whether the client goes through the proxy of the environment, or which proxy. */
  readonly proxy: ClientProxy | undefined;
}

/** Credentials in use by one client. */
export interface BoundCredentials extends AsyncDisposable {
  /**
   * What one attempt carries, at once or later. It ends its wait when the context is cancelled, and has a limit of its own.
   * @throws CredentialsFailedError `FWK_HTTP_CREDENTIALS_FAILED`
   */
  grant(context: CallContext): Grant | Promise<Grant>;
  /** The callee answered 401 to a grant. @returns whether the next grant may be a better one */
  refused(grant: Grant): boolean;
}

/** The credentials of one client, in use. */
export interface ClientCredentials {
  readonly kind: string;
  readonly bound: BoundCredentials;
}

/**
 * Binds the credentials of a client.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` where they would go over the network in clear
 */
export function boundCredentials(
  owner: string,
  credentials: Credentials | undefined,
  endpoints: readonly string[] | undefined,
  parts: CredentialsParts,
): ClientCredentials | undefined {
  if (credentials === undefined) return undefined;
  if (typeof Object(credentials).bind !== 'function') {
    throw new OptionsError(owner, ['credentials must be made by bearer(…) or others of @fwk/http/credentials']);
  }
  const open = endpoints?.filter((url) => !isProtected(url, parts.tls !== undefined)) ?? [];
  if (open.length > 0) {
    throw new OptionsError(owner, [
      `credentials would be read by everybody on the way to ${open.map((url) => maskText(url)).join(', ')}: use https:, ` +
        'or give them by headers where the network is trusted',
    ]);
  }
  return { kind: credentials.kind, bound: credentials.bind(parts) };
}

/** Over TLS, or to this machine. */
function isProtected(url: string, tls: boolean): boolean {
  if (/^(?:https|unix):/i.test(url) || (tls && /^mux:/i.test(url))) return true;
  const plain = url.replace(/^mux:/i, 'http:');
  return URL.canParse(plain) && isLoopback(new URL(plain).hostname.replace(/^\[|\]$/g, ''));
}

/** What one attempt carries. */
export interface Grant {
  /** Headers that are added; the call's own of the same name give way. */
  readonly headers?: HeaderValues;
  /** Answers further headers, once the endpoint and all headers of the request are known. */
  readonly sign?: RequestSigner | undefined;
}
