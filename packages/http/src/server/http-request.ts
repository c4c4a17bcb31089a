/**
 * A request of an operation that came over HTTP. What the caller says of its call stands in headers, each of which is read only when
 * it is needed.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { parseTrace, type TraceContext } from '@fwk/core';
import type { Priority, UnsentAnswers } from '@fwk/kernel';
import type { CompressionOptions } from '../coding/compression-options.js';
import type { Content } from '../contract/content.js';
import type { WireAnswer } from '../serving/answer.js';
import type { AnswerWatcher, BodyReader, IncomingRequest } from '../serving/incoming-request.js';
import type { RequestTarget } from '../serving/request-target.js';
import type { BodyPieces, PieceTaker } from '../serving/stream-sink.js';
import { headerNames, readAttempt, readCaller, readDeadlineMs, readPriority } from '../wire/headers.js';
import type { Peer } from '../wire/peer.js';
import { readPieces } from './http-stream.js';
import { announcesBody } from './quick-request.js';
import { readBody } from './read-body.js';
import type { PeerCheck } from './server-tls.js';

/** What all HTTP requests of a server share. */
export interface HttpWire {
  readonly bodyLimitBytes: number;
  /** How compressed bodies are read; undefined where they are refused. */
  readonly compression: CompressionOptions | undefined;
  /** What stands for the address of every caller; undefined where each has its own. */
  readonly callerAddress: string | undefined;
  /** Who a caller is by its certificate; refuses one that must show one. */
  readonly peerOf: PeerCheck;
  /** Answers that their clients have not read. */
  readonly unsent: UnsentAnswers;
  /** Puts an answer on the wire, by the rules of the whole server. */
  readonly write: (response: ServerResponse, answer: WireAnswer, load?: string) => void;
  /** What answers of operations tell of the server's load; undefined where nothing is told. */
  readonly load: (() => string) | undefined;
}

type TraceHeaders = Parameters<typeof parseTrace>[0];

/** See the head of this file. */
export class HttpRequest implements IncomingRequest {
  readonly protocol = 'http';
  readonly streams = true;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: IncomingRequest['params'];
  readonly query: IncomingRequest['query'];
  readonly address: string;
  readonly peer: Peer | undefined;
  body: string | Uint8Array = '';
  readonly #wire: HttpWire;
  readonly #response: ServerResponse<IncomingMessage>;

  constructor(
    wire: HttpWire,
    response: ServerResponse<IncomingMessage>,
    { query }: RequestTarget,
    params: IncomingRequest['params'],
    peer: Peer | undefined,
  ) {
    const { req } = response;
    this.url = req.url as string;
    this.headers = req.headers;
    this.params = params;
    this.query = query;
    this.address = wire.callerAddress ?? req.socket.remoteAddress ?? '';
    this.peer = peer;
    this.#wire = wire;
    this.#response = response;
  }

  get trace(): TraceContext | undefined {
    const { headers } = this;
    return headers.traceparent === undefined ? undefined : parseTrace(headers as TraceHeaders);
  }

  get remainingMs(): number | undefined {
    return readDeadlineMs(this.headers[headerNames.deadlineMs]);
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

  get announcesBody(): boolean {
    return announcesBody(this.#response.req);
  }

  readBody(content: Content, tell: BodyReader): void {
    readBody(this.#response.req, this.#response, content, this.#wire, tell);
  }

  readPieces(taker: PieceTaker, content: Content): BodyPieces {
    return readPieces(this.#response.req, this.#response, content, taker);
  }

  /** Returns false, since the request is over only when Node has sent the answer and emits `close`. */
  answer(answer: WireAnswer): boolean {
    this.#wire.write(this.#response, answer, this.#wire.load?.());
    return false;
  }

  watch(watcher: AnswerWatcher): void {
    this.#response.on('close', () => watcher.over());
  }
}
