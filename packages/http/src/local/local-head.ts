/** What a call within the process carries beside its target and body, copied out of what its caller has. */
import type { TraceContext } from '@fwk/core';
import type { AttemptWriter } from '../calling/write-attempt.js';
import { HeaderRecord } from '../serving/header-record.js';
import type { RequestHead } from '../serving/whole-request.js';

/** See the head of this file. */
export class LocalHead implements AttemptWriter {
  readonly #record: HeaderRecord;
  #trace: TraceContext | undefined;
  #remainingMs: number | undefined;

  /** @param own - headers of the request, which stay as they are */
  constructor(own: HeaderRecord) {
    this.#record = new HeaderRecord(own);
  }

  /** @throws RequestError `FWK_HTTP_REQUEST_MALFORMED` */
  header(name: string, value: string): void {
    this.#record.add(name, value);
  }

  /** The recording of the caller's span stays with the caller. */
  trace({ traceId, spanId, flags, tracestate }: TraceContext): void {
    this.#trace = { traceId, spanId, flags, tracestate };
  }

  deadline(remainingMs: number): void {
    this.#remainingMs = remainingMs;
  }

  /** What was written. */
  written(): RequestHead {
    return { headers: this.#record.headers, trace: this.#trace, remainingMs: this.#remainingMs };
  }
}
