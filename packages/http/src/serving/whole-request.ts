/** What requests have in common that arrive whole, with their body: those over Mux, and those of callers in the same process. */
import type { IncomingHttpHeaders } from 'node:http';
import type { TraceContext } from '@fwk/core';
import type { Wire } from '@fwk/discovery';
import type { Priority } from '@fwk/kernel';
import type { Content } from '../contract/content.js';
import { headerNames, readAttempt, readCaller, readPriority } from '../wire/headers.js';
import type { Peer } from '../wire/peer.js';
import type { WireAnswer } from './answer.js';
import type { AnswerWatcher, BodyReader, IncomingRequest } from './incoming-request.js';
import type { RequestError } from './request-error.js';

/** What a request has beside its target and body. */
export interface RequestHead {
  readonly headers: IncomingHttpHeaders;
  readonly trace: TraceContext | undefined;
  readonly remainingMs: number | undefined;
}

/** What a request asks for. */
export interface WholeTarget {
  /** Path and query as they were sent. */
  readonly url: string;
  readonly params: IncomingRequest['params'];
  readonly query: IncomingRequest['query'];
}

/** Who sent it. */
export interface RequestSource {
  /** Of the direct peer; `unix` at a Unix socket, `local` in the same process. */
  readonly address: string;
  /** Who it is by the certificate that was shown. */
  readonly peer: Peer | undefined;
}

/** See the head of this file. */
export abstract class WholeRequest implements IncomingRequest {
  abstract readonly protocol: Wire;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: IncomingRequest['params'];
  readonly query: IncomingRequest['query'];
  readonly address: string;
  readonly peer: Peer | undefined;
  readonly trace: TraceContext | undefined;
  readonly remainingMs: number | undefined;
  body: string | Uint8Array = '';
  /** Why the body is refused. */
  protected fault: RequestError | undefined;

  constructor({ address, peer }: RequestSource, { headers, trace, remainingMs }: RequestHead, target: WholeTarget) {
    this.url = target.url;
    this.headers = headers;
    this.params = target.params;
    this.query = target.query;
    this.address = address;
    this.peer = peer;
    this.trace = trace;
    this.remainingMs = remainingMs;
  }

  get attempt(): number {
    return readAttempt(this.headers[headerNames.attempt]);
  }

  get priority(): Priority | undefined {
    return readPriority(this.headers[headerNames.priority]);
  }

  get caller(): string | undefined {
    return readCaller(this.headers[headerNames.caller]);
  }

  /** True only for a body that is refused, so that reading it reports the error. Other bodies are here already. */
  get announcesBody(): boolean {
    return this.fault !== undefined;
  }

  readBody(_content: Content, tell: BodyReader): void {
    tell(this.fault, this.body);
  }

  abstract answer(answer: WireAnswer): boolean;

  abstract watch(watcher: AnswerWatcher): void;
}
