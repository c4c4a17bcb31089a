import { FwkError } from '@fwk/kernel';

/** Codes of {@link StreamLimitError}. */
export type StreamLimitCode = 'FWK_HTTP_STREAM_IDLE' | 'FWK_HTTP_STREAM_TOTAL';

/**
 * A stream has gone on for too long: without an item, which may be tried again (`FWK_HTTP_STREAM_IDLE`), or as a whole
 * (`FWK_HTTP_STREAM_TOTAL`).
 */
export class StreamLimitError extends FwkError {
  readonly operation: string;
  readonly limitMs: number;

  /** @param what - what was missing or took too long, in words that follow the operation. */
  constructor(code: StreamLimitCode, operation: string, what: string, limitMs: number) {
    super(code, `${operation}: ${what} within ${limitMs} ms`, {
      details: { operation, limitMs },
      traits: { timedOut: true, retryable: code === 'FWK_HTTP_STREAM_IDLE' },
    });
    this.operation = operation;
    this.limitMs = limitMs;
  }
}

/**
 * The server of a stream is stopping, and has ended the stream by a message: every item before has arrived. Code
 * `FWK_HTTP_STREAM_DRAINING`. A stream whose items have ids goes on at another instance by itself.
 */
export class StreamDrainingError extends FwkError {
  readonly operation: string;

  /** @param refused - whether the stream was refused before anything was done for it. @defaultValue it was ended */
  constructor(operation: string, refused = false) {
    const what = refused ? 'begins no stream' : 'has ended the stream';
    super('FWK_HTTP_STREAM_DRAINING', `${operation}: the server is stopping and ${what}; call again`, {
      details: { operation },
      traits: refused
        ? { overloaded: true, retryable: true, notProcessed: true, refusedBy: 'caller' }
        : { outcome: 'ignored', retryable: true },
    });
    this.operation = operation;
  }
}
