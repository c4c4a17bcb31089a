import { readCallBody } from '../codec/call-body.js';
import { ContextReader } from '../codec/context-reader.js';
import type { ContextWriter } from '../codec/context-writer.js';
import type { FrameOutput } from '../codec/frame-output.js';
import type { DispatchStatus } from '../codec/message-types.js';
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
    const { destination, payloadBegin } = readCallBody(bytes, begin, end);
    this.destination = destination;
    this.#payloadBegin = payloadBegin;
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
