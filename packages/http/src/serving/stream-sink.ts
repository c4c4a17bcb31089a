/** Where the records of an answered stream go: the wire, behind the head of the answer. */
export interface StreamSink {
  /**
   * @param bytes - of the text
   * @returns false when the wire wants no more for now; `drained` is called when it does again
   */
  write(text: string, bytes: number): boolean;
  /** Sends the last record, and ends the answer. */
  end(text: string): void;
  /** Ends it so that the caller sees that it is broken off. */
  destroy(): void;
  /** Set by the writer. */
  drained: (() => void) | undefined;
}

/** An answer that goes on with a stream of items. */
export interface AnswerStream {
  /** Writes what is here, and the rest as it comes. Called when the head has been sent. */
  start(sink: StreamSink): void;
  /** Its caller has gone, or nobody gets it. */
  leave(reason: unknown): void;
}

/** The body of a request, piece by piece. */
export interface BodyPieces {
  pause(): void;
  resume(): void;
}

/** Gets the body of a request as it arrives. */
export interface PieceTaker {
  bytes(chunk: Buffer): void;
  /** It has come whole. */
  finished(): void;
  /** The caller has gone amid its body. */
  fail(error: unknown): void;
}
