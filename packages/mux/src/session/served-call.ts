import { ContextReader, uint16 } from '../codec/context-reader.js';
import type { ContextWriter } from '../codec/context-writer.js';
import type { FrameOutput } from '../codec/frame-output.js';
import type { DispatchStatus } from '../codec/message-types.js';
import { ProtocolError } from '../protocol-error.js';
import type { ServerSession } from './server-session.js';

/** Writes an answer: its contexts, then its payload. */
export interface AnswerWriter {
  writeContexts(contexts: ContextWriter): void;
  writePayload(output: FrameOutput): void;
}

/** Serves calls. */
export interface MuxService {
  /**
   * Runs in no call's async context. Where it throws, the call is answered with an error, and a process warning says so.
   * @param call - what it reads is good until this returns
   */
  serve(call: ServedMuxCall): void;
}

/** A call as it arrived. */
export class ServedMuxCall {
  /** Where it goes: `/inventory/stock`. */
  readonly destination: string;
  /** Told when the caller has given up or is gone, unless it has been answered. */
  onGone: ((why: string) => void) | undefined;
  readonly session: ServerSession;
  readonly tag: number;
  readonly #bytes: Buffer;
  readonly #begin: number;
  readonly #payloadBegin: number;
  readonly #end: number;

  /** @throws ProtocolError `FWK_MUX_PROTOCOL` */
  constructor(session: ServerSession, tag: number, bytes: Buffer, begin: number, end: number) {
    this.session = session;
    this.tag = tag;
    this.#bytes = bytes;
    this.#begin = begin;
    this.#end = end;
    let at = new ContextReader(bytes, begin, end).skipAll();
    const destinationEnd = skip(bytes, at, end);
    this.destination = bytes.toString('latin1', at + 2, destinationEnd);
    at = destinationEnd;
    if (at + 2 > end) throw cutOff();
    // Rewritings of names, which mean something to routers of Finagle only.
    let left = 2 * uint16(bytes, at);
    at += 2;
    for (; left > 0; left--) at = skip(bytes, at, end);
    this.#payloadBegin = at;
  }

  /** Reads the contexts from the first one on. */
  get contexts(): ContextReader {
    return new ContextReader(this.#bytes, this.#begin, this.#end);
  }

  /** Part of what arrived: copy it to keep it. */
  get payload(): Buffer {
    return this.#bytes.subarray(this.#payloadBegin, this.#end);
  }

  /**
   * Answers, unless the caller has given up or is gone. Where the answer cannot be written, the caller is told that instead.
   * @throws what the writer throws, and NotWrittenError `FWK_MUX_NOT_WRITTEN`
   */
  answer(status: DispatchStatus, writer: AnswerWriter): void {
    this.session.answer(this, status, writer);
  }
}

/** Where what begins at `at` with two bytes of length ends. */
function skip(bytes: Buffer, at: number, end: number): number {
  if (at + 2 > end) throw cutOff();
  const next = at + 2 + uint16(bytes, at);
  if (next > end) throw cutOff();
  return next;
}

function cutOff(): ProtocolError {
  return new ProtocolError('a call is cut off');
}
