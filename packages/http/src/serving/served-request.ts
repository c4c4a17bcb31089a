import type { Content } from '../contract/content.js';
import type { OperationPlan } from '../contract/contract.js';
import { callerKeyOf } from './caller-key.js';
import type { Exchange } from './exchange.js';
import type { IncomingRequest } from './incoming-request.js';
import type { TrustCheck } from './trusted-networks.js';

/** A request of an operation as it goes through the layers of a server. Its body may still be on its way. */
export interface ServedRequest {
  /** Name of the operation in its contract. */
  readonly operation: string;
  /** The target as it was sent. */
  readonly url: string;
  /** By names in lower case. */
  readonly headers: IncomingRequest['headers'];
  /** Of the path, as text. */
  readonly params: IncomingRequest['params'];
  /** As text. */
  readonly query: IncomingRequest['query'];
  /** Of whom it came from directly; empty when the connection is gone. */
  readonly address: string;
  /** Who it is by the certificate that was shown. */
  readonly peer: IncomingRequest['peer'];
  /**
   * Who calls, as far as that is known: the name that the caller gives itself where its address is in the server's
   * `trustedNetworks`, else its address; of IPv6 only the network (/64), since each host has all addresses of one.
   */
  readonly caller: string;
}

/** The one that servers make; layers hand on the same. */
export class ServedCall implements ServedRequest {
  readonly operation: string;
  /** What its body should be. */
  readonly content: Content;
  readonly request: IncomingRequest;
  readonly exchange: Exchange;
  readonly #trusts: TrustCheck;
  /** Whether the body, if any, is here. */
  complete = false;

  constructor(
    { name, content }: OperationPlan<string>,
    request: IncomingRequest,
    exchange: Exchange,
    trusts: TrustCheck,
  ) {
    this.operation = name;
    this.content = content;
    this.request = request;
    this.exchange = exchange;
    this.#trusts = trusts;
  }

  get url(): string {
    return this.request.url;
  }

  get headers(): IncomingRequest['headers'] {
    return this.request.headers;
  }

  get params(): IncomingRequest['params'] {
    return this.request.params;
  }

  get query(): IncomingRequest['query'] {
    return this.request.query;
  }

  get address(): string {
    return this.request.address;
  }

  get peer(): IncomingRequest['peer'] {
    return this.request.peer;
  }

  get caller(): string {
    return callerKeyOf(this.request, this.#trusts);
  }
}
