/**
 * One request on the wire, from its dispatch until there is an answer or nobody waits for one. Cancelling needs no
 * AbortSignal: undici gives each request a function that aborts it.
 */
import { type CallContext, tellNotSent } from '@fwk/kernel';
import { type CallInvalidError, type ConnectionError, failureOf } from './client-errors.js';
import type { PooledConnection } from './connection-pool.js';
import type { OperationResponse } from './operation-request.js';

/** What undici is told; nobody sees it, because the call is settled by then. Made once: an error costs its stack. */
export const abortReason = new Error('the call was given up');

/** See the head of this file. */
export abstract class WireAttempt {
  /** Ends the wait for cancellation; set right after the dispatch. */
  subscription: Disposable | undefined;
  /** The connection that it uses, until its answer is complete or it has failed. */
  connection: PooledConnection | undefined;
  readonly #operation: string;
  readonly #url: string;
  readonly #context: CallContext;
  readonly #resolve: (answered: WireAttempt) => void;
  readonly #reject: (error: unknown) => void;
  #abort: ((reason: Error) => void) | undefined;
  #settled = false;

  /**
   * @param operation - for messages.
   * @param url - base URL of the endpoint.
   */
  constructor(
    operation: string,
    url: string,
    context: CallContext,
    resolve: (answered: WireAttempt) => void,
    reject: (error: unknown) => void,
  ) {
    this.#operation = operation;
    this.#url = url;
    this.#context = context;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** True once there is an answer, or nobody waits for one. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Whether undici has begun to send the request. While it has not, nothing of it was written. */
  protected get sent(): boolean {
    return this.#abort !== undefined;
  }

  /** The caller gave up; the reason is its own. */
  cancel(reason: unknown): void {
    if (this.#settled) return;
    if (!this.sent) tellNotSent(this.#context);
    this.fail(reason);
    this.abort(abortReason);
  }

  /** Aborts the request, which closes its connection. */
  abort(reason: Error): void {
    this.#abort?.(reason);
  }

  /** undici begins to send the request. @param abort - aborts it */
  protected started(abort: (reason: Error) => void): void {
    this.#abort = abort;
    // Cancelled while it waited for a connection.
    if (this.#settled) abort(abortReason);
  }

  /** The answer is complete. Call it before the caller gets the answer, so that its next request finds the connection free. */
  protected complete(): void {
    const { connection } = this;
    this.connection = undefined;
    connection?.answered();
  }

  /** The attempt failed, and no more of an answer will come. Call it before the caller gets the error. */
  protected broken(): void {
    const { connection } = this;
    this.connection = undefined;
    connection?.failed();
  }

  /** The answer, once it is there. */
  abstract read(): OperationResponse | Promise<OperationResponse>;

  /** The answer is there. */
  protected answered(): void {
    this.#settle();
    this.#resolve(this);
  }

  /** There will be no answer. */
  protected fail(error: unknown): void {
    if (this.#settled) return;
    this.#settle();
    this.#reject(error);
  }

  /** What became of the connection, or why there was none. */
  protected failureOf(error: Error): CallInvalidError | ConnectionError {
    return failureOf(this.#operation, this.#url, this.sent, error);
  }

  #settle(): void {
    this.#settled = true;
    this.subscription?.[Symbol.dispose]();
  }
}
