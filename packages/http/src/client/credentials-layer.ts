/**
 * Gives each attempt the credentials of its client, and answers a 401 by a fresh one and one more attempt.
 *
 * State: none beyond the bound credentials, which are the client's. Place: inside the headers function, whose headers it may
 * replace, and inside retry and keyed attempts, for which the two are one attempt: a request that is refused by 401 was not worked on,
 * whatever it does. Outside the balancer, so that no endpoint is held or judged while a token is fetched. Cancellation ends the wait at once.
 */
import { type CallContext, type Env, isFwkError, isThenable, type Layer, type Service, type Status } from '@fwk/kernel';
import { HeadersInvalidError } from '../calling/client-errors.js';
import { CredentialsFailedError } from '../calling/credentials-failed-error.js';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import type { RemoteError } from '../wire/remote-error.js';
import { addHeaders } from '../wire/wire-headers.js';
import type { BoundCredentials, Grant } from './client-credentials.js';
import { givenHeaders } from './client-headers.js';

type Next = Service<OperationRequest, OperationResponse>;

const UNAUTHORIZED = 401;

/**
 * Makes the layer.
 * @param service - that is called.
 * @param kind - of the credentials, for people.
 */
export function credentialsLayer(
  service: string,
  kind: string,
  credentials: BoundCredentials,
): Layer<OperationRequest, OperationResponse> {
  return {
    role: 'credentials',
    describe: () => ({ kind }),
    wrap: (next, env) => new CredentialsLayer(next, env, service, kind, credentials),
  };
}

class CredentialsLayer implements Next {
  readonly #next: Next;
  readonly #env: Env;
  readonly #service: string;
  readonly #kind: string;
  readonly #credentials: BoundCredentials;

  constructor(next: Next, env: Env, service: string, kind: string, credentials: BoundCredentials) {
    this.#next = next;
    this.#env = env;
    this.#service = service;
    this.#kind = kind;
    this.#credentials = credentials;
  }

  async call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) throw context.reason;
    const grant = await this.#grant(context);
    try {
      const answer = await this.#next.call(this.#granted(request, grant), context);
      if (answer.status !== UNAUTHORIZED || !this.#mayTryAgain(request, grant, context)) return answer;
      this.#env.classifier.release?.(answer);
    } catch (error) {
      if (!isUnauthorized(error) || !this.#mayTryAgain(request, grant, context)) throw error;
    }
    const fresh = await this.#grant(context);
    return this.#next.call(this.#granted(request, fresh), context);
  }

  status(request?: OperationRequest): Status {
    return this.#next.status(request);
  }

  #grant(context: CallContext): Grant | Promise<Grant> {
    try {
      const grant = this.#credentials.grant(context);
      return isThenable(grant)
        ? Promise.resolve(grant).then(undefined, (error: unknown) => this.#failed(error, context))
        : grant;
    } catch (error) {
      return this.#failed(error, context);
    }
  }

  /** Credentials of a user's own may throw anything. */
  #failed(error: unknown, context: CallContext): never {
    if (context.cancelled) throw context.reason;
    if (isFwkError(error)) throw error;
    throw new CredentialsFailedError(this.#service, this.#kind, 'giving one failed; cause says why', undefined, error);
  }

  #mayTryAgain({ forwarded, bodyItems }: OperationRequest, grant: Grant, context: CallContext): boolean {
    if (context.cancelled || bodyItems?.taken) return false;
    const body = forwarded?.body;
    const isWhole = body === undefined || body === null || typeof body === 'string' || body instanceof Uint8Array;
    return this.#credentials.refused(grant) && isWhole;
  }

  #granted(request: OperationRequest, { headers, sign }: Grant): OperationRequest {
    const { id } = request.operation.plan;
    const added = givenHeaders(headers ?? {}, (name, why) => {
      throw new HeadersInvalidError(id, name, why, `the credentials (${this.#kind})`);
    });
    return { ...request, headers: addHeaders(request.headers, added), ...(sign && { sign }) };
  }
}

function isUnauthorized(error: unknown): boolean {
  return isFwkError(error, 'FWK_HTTP_REMOTE') && (error as RemoteError).status === UNAUTHORIZED;
}
