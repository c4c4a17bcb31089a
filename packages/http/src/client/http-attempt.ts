/** An attempt over HTTP. Cancelling needs no AbortSignal: undici gives each request a function that aborts it. */
import type { CallContext } from '@fwk/kernel';
import { Attempt } from '../calling/attempt.js';
import { type CallInvalidError, type ConnectionError, failureOf } from '../calling/client-errors.js';
import type { ConnectionUse, StreamedItems } from '../calling/operation-request.js';

/** What undici is told; nobody sees it, because the call is settled by then. Made once: an error costs its stack. */
export const abortReason = new Error('the call was given up');

/** See the head of this file. */
export abstract class HttpAttempt extends Attempt {
  /** The connection that it uses, until its answer is complete or it has failed. */
  connection: ConnectionUse | undefined;
  /** The body that it sends, where that is a stream. */
  bodyItems: StreamedItems | undefined;
  readonly #operation: string;
  readonly #url: string;
  #abort: ((reason: Error) => void) | undefined;

  /**
   * @param operation - for messages.
   * @param url - base URL of the endpoint.
   */
  constructor(
    operation: string,
    url: string,
    context: CallContext,
    resolve: (answered: Attempt) => void,
    reject: (error: unknown) => void,
  ) {
    super(context, resolve, reject);
    this.#operation = operation;
    this.#url = url;
  }

  protected get sent(): boolean {
    return this.#abort !== undefined;
  }

  /** Aborts the request, which closes its connection. */
  abort(reason: Error): void {
    this.#abort?.(reason);
  }

  /** Its own body ends it. */
  failBody(error: Error): void {
    this.fail(error);
    this.abort(abortReason);
  }

  protected giveUp(): void {
    this.abort(abortReason);
  }

  /** undici begins to send the request. @param abort - aborts it */
  protected started(abort: (reason: Error) => void): void {
    this.#abort = abort;
    // Cancelled while it waited for a connection.
    if (this.settled) abort(abortReason);
  }

  /** The answer is complete. Call it before the caller gets the answer, so that its next request finds the connection free. */
  protected complete(): void {
    this.bodyItems?.end();
    const { connection } = this;
    this.connection = undefined;
    connection?.answered();
  }

  /**
   * The attempt failed, and no more of an answer will come. Call it before the caller gets the error.
   * @param lost - whether the connection was lost under it. @defaultValue unless its caller has the answer, or gave up
   */
  protected broken(lost = this.sent && !this.settled): void {
    this.bodyItems?.end();
    const { connection } = this;
    this.connection = undefined;
    connection?.failed(lost);
  }

  /** What became of the connection, or why there was none. */
  protected failureOf(error: Error): CallInvalidError | ConnectionError {
    return failureOf(this.#operation, this.#url, this.sent, error);
  }
}
