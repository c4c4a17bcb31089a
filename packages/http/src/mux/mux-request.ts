/** A request of an operation that came over Mux. It arrives whole, with its body. */
import { isUtf8 } from 'node:buffer';
import type { TraceContext } from '@fwk/core';
import type { Priority } from '@fwk/kernel';
import type { ServedMuxCall } from '@fwk/mux';
import type { Content } from '../contract/content.js';
import type { WireAnswer } from '../serving/answer.js';
import { bodyNotText, bodyTooLarge } from '../serving/body-faults.js';
import type { AnswerWatcher, BodyReader, IncomingRequest } from '../serving/incoming-request.js';
import type { RequestError } from '../serving/request-error.js';
import { headerNames, readAttempt, readCaller, readPriority } from '../wire/headers.js';
import type { Peer } from '../wire/peer.js';
import type { CallHead } from './call-head.js';

/** The caller of a session, and how it is answered. */
export interface MuxCaller {
  /** Of the direct peer; `unix` at a Unix socket. */
  readonly address: string;
  /** Who it is by the certificate that was shown. */
  readonly peer: Peer | undefined;
  answer(call: ServedMuxCall, answer: WireAnswer): void;
}

/** What a call asks for, by its target. */
export interface MuxTarget {
  /** Path and query as they were sent. */
  readonly url: string;
  readonly params: IncomingRequest['params'];
  readonly query: IncomingRequest['query'];
}

/** See the head of this file. */
export class MuxRequest implements IncomingRequest {
  readonly protocol = 'mux';
  readonly url: string;
  readonly headers: CallHead['headers'];
  readonly params: IncomingRequest['params'];
  readonly query: IncomingRequest['query'];
  readonly address: string;
  readonly peer: Peer | undefined;
  readonly trace: TraceContext | undefined;
  readonly remainingMs: number | undefined;
  body: string | Uint8Array = '';
  readonly #call: ServedMuxCall;
  readonly #caller: MuxCaller;
  /** Why the body is refused. */
  #fault: RequestError | undefined;

  constructor(call: ServedMuxCall, caller: MuxCaller, { headers, trace, remainingMs }: CallHead, target: MuxTarget) {
    this.#call = call;
    this.#caller = caller;
    this.url = target.url;
    this.headers = headers;
    this.params = target.params;
    this.query = target.query;
    this.address = caller.address;
    this.peer = caller.peer;
    this.trace = trace;
    this.remainingMs = remainingMs;
  }

  /** Copies the body out of the received bytes, which are valid only during this call. */
  takeBody(bytes: Buffer, { kind }: Content, limitBytes: number): void {
    if (bytes.length > limitBytes) this.#fault = bodyTooLarge(limitBytes);
    else if (kind === 'bytes') this.body = Buffer.from(bytes);
    else if (!isUtf8(bytes)) this.#fault = bodyNotText();
    else this.body = bytes.toString('utf8');
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
    return this.#fault !== undefined;
  }

  readBody(_content: Content, tell: BodyReader): void {
    tell(this.#fault, this.body);
  }

  /** Returns true, since the session sends the rest: the request is over at once. */
  answer(answer: WireAnswer): boolean {
    this.#call.onGone = undefined;
    this.#caller.answer(this.#call, answer);
    return true;
  }

  watch(watcher: AnswerWatcher): void {
    this.#call.onGone = () => watcher.over();
  }
}
