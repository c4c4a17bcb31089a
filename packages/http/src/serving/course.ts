import type { ServedAnswer } from './answer.js';
import type { ReadBody } from './read-body.js';
import type { ServedStream, StreamOwner } from './served-stream.js';

/** Is told how a call ended, once. Not a promise: where nothing waits, that would cost more than most steps. */
export interface Ending {
  answered(answer: ServedAnswer): void;
  /** @param answer - what the error is answered with, where that is known. */
  failed(error: unknown, answer?: ServedAnswer): void;
}

/** What an operation tells of itself on the way. */
export interface Course extends StreamOwner {
  /** The caller may come back for the answer when it is cut off, so the work goes on without it. */
  outlive(): void;
  /** The handler is asked now. */
  begin(): void;
  /** The head of the answer has been sent by a program that answers itself. What follows has no time limit. */
  headSent(): void;
  /** The handler reads the body item by item. */
  reads(body: ReadBody): void;
  /** The answer will go on with a stream. */
  opened(stream: ServedStream): void;
}
