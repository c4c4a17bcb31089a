/** Streams over HTTP: answers that are written as the caller reads, and bodies that are read as the handler asks for them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { CancelledError, type Clock, type UnsentAnswers } from '@fwk/kernel';
import { type Coding, coder } from '../coding/codings.js';
import { type Content, isOfType } from '../contract/content.js';
import type { WireAnswer } from '../serving/answer.js';
import { RequestError } from '../serving/request-error.js';
import type { AnswerStream, BodyPieces, PieceTaker, StreamSink } from '../serving/stream-sink.js';
import { formatOfType, typeOfFormat } from '../stream/item-format.js';
import { type BytesSink, EncodedSink } from './encoded-sink.js';
import { announcesBody } from './quick-request.js';
import { awaitsContinue, encodingRefusal } from './read-body.js';
import { headOf } from './write-answer.js';

/** How long the rest of a body is read that nobody wants, so that its sender gets the answer, in milliseconds. */
const LINGER_MS = 2000;

/** Requests whose bodies are streams: they take as long as their contract lets them. */
const streamed = new WeakSet<IncomingMessage>();

/** Whether the body of a request is a stream. */
export function isStreamed(request: IncomingMessage): boolean {
  return streamed.has(request);
}

/** Puts the head of an answer on the wire, and lets its stream follow. */
export function beginStream(
  response: ServerResponse,
  answer: WireAnswer,
  stream: AnswerStream,
  unsent: UnsentAnswers,
  close: boolean,
  load?: string,
  coding?: Coding,
): void {
  response.writeHead(answer.status, headOf(answer, undefined, close, load));
  if (response.req.method === 'HEAD') {
    response.end();
    stream.leave(new CancelledError('a HEAD wants no items'));
    return;
  }
  const sink = new HttpSink(response, unsent);
  if (coding === undefined) stream.start(sink);
  else stream.start(encodedSink(response, coding, sink));
}

function encodedSink(response: ServerResponse, coding: Coding, sink: HttpSink): EncodedSink {
  const encoded = new EncodedSink(coder().compressor(coding, true), sink);
  response.on('close', () => encoded.left());
  return encoded;
}

class HttpSink implements StreamSink, BytesSink {
  drained: (() => void) | undefined;
  readonly #response: ServerResponse;
  readonly #unsent: UnsentAnswers;
  /** The response forgets its own when it has ended. */
  readonly #socket: Socket | null;

  constructor(response: ServerResponse, unsent: UnsentAnswers) {
    this.#response = response;
    this.#unsent = unsent;
    this.#socket = response.socket;
    response.on('drain', () => {
      this.#hold(0);
      this.drained?.();
    });
    response.on('close', () => this.#hold(0));
  }

  write(piece: string | Uint8Array, bytes: number): boolean {
    // When each character is one byte, Node need not encode.
    const encoding = bytes === piece.length ? 'latin1' : 'utf8';
    const more = typeof piece === 'string' ? this.#response.write(piece, encoding) : this.#response.write(piece);
    if (!more) this.#hold(this.#response.writableLength);
    return more;
  }

  end(text?: string | Uint8Array): void {
    this.#response.end(text);
    this.#hold(0);
    this.#unsent.watch(this.#response);
  }

  destroy(): void {
    this.#response.destroy();
  }

  #hold(bytes: number): void {
    if (this.#socket) this.#unsent.hold(this.#socket, bytes);
  }
}

/**
 * Reads a body that is a stream of items, from the first `resume` on.
 * @throws RequestError `FWK_HTTP_MEDIA_TYPE`, `FWK_HTTP_CONTENT_ENCODING`
 */
export function readPieces(
  request: IncomingMessage,
  response: ServerResponse,
  content: Content,
  taker: PieceTaker,
): BodyPieces {
  const { headers } = request;
  const encoded = encodingRefusal(headers);
  if (encoded) throw encoded;
  const type = headers['content-type'] ?? '';
  const isFile = content.kind === 'bytes';
  if (isFile ? !isOfType(content, type) : formatOfType(type) !== 'ndjson') {
    const wanted = isFile ? content.type : typeOfFormat('ndjson');
    throw new RequestError('FWK_HTTP_MEDIA_TYPE', `the body must have the content type ${wanted}`);
  }
  streamed.add(request);
  let begun = false;
  const begin = () => {
    begun = true;
    if (!announcesBody(request)) return taker.finished();
    if (awaitsContinue(request)) response.writeContinue();
    const left = () => taker.fail(new CancelledError('the caller left amid its body'));
    request
      .on('data', (chunk: Buffer) => taker.bytes(chunk))
      .on('end', () => taker.finished())
      .on('error', left)
      .on('close', left);
  };
  return {
    pause: () => void request.pause(),
    resume: () => {
      if (begun) request.resume();
      else begin();
    },
  };
}

/**
 * An answer before the end of a streamed body: closing at once would take the answer from a caller that still sends, so the rest is
 * read and dropped for a short time.
 */
export function lingerAfter(response: ServerResponse, clock: Clock): void {
  const { req } = response;
  const { socket } = req;
  req.removeAllListeners('data');
  const timer = clock.setTimer(() => socket.destroy(), LINGER_MS, true);
  const over = () => clock.clearTimer(timer);
  req.once('end', over);
  socket.once('close', over);
  req.resume();
}
