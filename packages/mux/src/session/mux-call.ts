import { ContextReader } from '../codec/context-reader.js';
import type { ContextWriter } from '../codec/context-writer.js';
import type { FrameOutput } from '../codec/frame-output.js';
import { type DispatchStatus, dispatchStatus } from '../codec/message-types.js';
import { ProtocolError } from '../protocol-error.js';

/** A call as its caller makes it. It writes itself once; then either `answered` or `failed` is called, unless it is given up. */
export abstract class MuxCall {
  /** Its tag while it is under way; set by the session. */
  tag = 0;
  /** Number of writes of its session before it was written; set by the session. */
  writesBefore = 0;
  /** Where it goes, encoded: `encodeKey('/inventory/stock')`. */
  abstract readonly destination: Uint8Array;
  abstract writeContexts(contexts: ContextWriter): void;
  abstract writePayload(output: FrameOutput): void;
  /**
   * The answer is here. Runs outside any call's async context. What it throws is passed to `failed`; a `ProtocolError`, which reading
   * the answer may throw, also ends the session.
   * @param reply - good until this returns
   */
  abstract answered(reply: MuxReply): void;
  /**
   * There will be no answer. What it throws becomes a process warning.
   * @param sent - false when the peer cannot have seen the call.
   */
  abstract failed(error: Error, sent: boolean): void;
}

/** An answer as it arrived. */
export class MuxReply {
  readonly status: DispatchStatus;
  readonly #bytes: Buffer;
  readonly #begin: number;
  readonly #end: number;

  /** @throws ProtocolError `FWK_MUX_PROTOCOL` */
  constructor(bytes: Buffer, begin: number, end: number) {
    const status = bytes[begin];
    if (begin + 3 > end || status === undefined || status > dispatchStatus.nack) {
      throw new ProtocolError('an answer is cut off, or has a status that is not 0, 1 or 2');
    }
    this.status = status as DispatchStatus;
    this.#bytes = bytes;
    this.#begin = begin;
    this.#end = end;
  }

  /** Reads the contexts from the first one on. */
  get contexts(): ContextReader {
    return new ContextReader(this.#bytes, this.#begin + 1, this.#end);
  }

  /** Part of what arrived: copy it to keep it. @throws ProtocolError `FWK_MUX_PROTOCOL` */
  get payload(): Buffer {
    const none = this.#bytes[this.#begin + 1] === 0 && this.#bytes[this.#begin + 2] === 0;
    return this.#bytes.subarray(none ? this.#begin + 3 : this.contexts.skipAll(), this.#end);
  }
}
