/**
 * Signs each attempt whose credentials sign, where its endpoint is known.
 *
 * State: none. Place: innermost but for the telemetry of attempts, so that what is signed is what is sent, and inside the limit of an
 * attempt, which ends a signature that hangs. Cancellation ends the wait at once.
 */
import { type Endpoint, endpointKey } from '@fwk/discovery';
import {
  abandonOnCancel,
  type CallContext,
  isFwkError,
  isThenable,
  type Layer,
  type Service,
  type Status,
} from '@fwk/kernel';
import { HeadersInvalidError } from '../calling/client-errors.js';
import { CredentialsFailedError } from '../calling/credentials-failed-error.js';
import { type OperationRequest, type OperationResponse, pathAt } from '../calling/operation-request.js';
import type { RequestSigner, RequestToSign, SignedHeaders } from '../calling/request-to-sign.js';
import { addHeaders } from '../wire/wire-headers.js';
import { givenHeaders } from './client-headers.js';

type Next = Service<OperationRequest, OperationResponse>;

/** Makes the layer. @param kind - of the credentials, for people */
export function signingLayer(service: string, kind: string): Layer<OperationRequest, OperationResponse> {
  return { role: 'signing', describe: () => ({ kind }), wrap: (next) => new SigningLayer(next, service, kind) };
}

class SigningLayer implements Next {
  readonly #next: Next;
  readonly #service: string;
  readonly #kind: string;

  constructor(next: Next, service: string, kind: string) {
    this.#next = next;
    this.#service = service;
    this.#kind = kind;
  }

  async call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) throw context.reason;
    const endpoint = context.get(endpointKey);
    const signed = request.sign && endpoint ? await this.#signed(request, request.sign, endpoint, context) : request;
    return this.#next.call(signed, context);
  }

  status(request?: OperationRequest): Status {
    return this.#next.status(request);
  }

  async #signed(
    request: OperationRequest,
    sign: RequestSigner,
    endpoint: Endpoint,
    context: CallContext,
  ): Promise<OperationRequest> {
    const { id } = request.operation.plan;
    let given: SignedHeaders;
    try {
      const answer = sign(toSign(request, endpoint));
      given = isThenable(answer) ? await abandonOnCancel(context, Promise.resolve(answer)) : answer;
    } catch (error) {
      if (context.cancelled) throw context.reason;
      if (isFwkError(error)) throw error;
      throw new CredentialsFailedError(this.#service, this.#kind, 'signing failed; cause says why', undefined, error);
    }
    const added = givenHeaders(given, (name, why) => {
      throw new HeadersInvalidError(id, name, why, `the credentials (${this.#kind})`);
    });
    return { ...request, headers: addHeaders(request.headers, added) };
  }
}

function toSign(request: OperationRequest, endpoint: Endpoint): RequestToSign {
  const { operation, headers, body, forwarded } = request;
  const sent = forwarded ? forwarded.body : body;
  const base = endpoint.socketPath === undefined ? endpoint.url : 'http://localhost';
  const named: Record<string, string> = {};
  for (let index = 0; index < headers.length; index += 2)
    named[headers[index] as string] = headers[index + 1] as string;
  return {
    method: forwarded?.method ?? operation.plan.method,
    url: base + pathAt(endpoint, request),
    headers: named,
    body: typeof sent === 'string' || sent instanceof Uint8Array ? sent : undefined,
  };
}
