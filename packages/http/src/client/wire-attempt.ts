/**
 * One request on the wire, from its dispatch until there is an answer or nobody waits for one. Cancelling needs no
 * AbortSignal: the dispatcher hands us the controller of the connection.
 */
import { type CallContext, tellNotSent } from '@fwk/kernel';
import type { Dispatcher } from 'undici';
import { type CallInvalidError, type ConnectionError, failureOf } from './client-errors.js';
import type { PooledConnection } from './connection-pool.js';
import type { OperationResponse } from './operation-request.js';

export type Controller = Dispatcher.DispatchController;
/** Names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What undici is told; nobody sees it, because the call is settled by then. Made once: an error costs its stack. */
export const abortReason = new Error('the call was given up');

/** See the head of this file. */
export abstract class WireAttempt implements Dispatcher.DispatchHandler {
  /** Ends the wait for cancellation; set right after the dispatch. */
  subscription: Disposable | undefined;
  /** Lent to this attempt until its whole answer is there, or there will be none. */
  connection: PooledConnection | undefined;
  protected controller: Controller | undefined;
  readonly #operation: string;
  readonly #url: string;
  readonly #context: CallContext;
  readonly #resolve: (answered: WireAttempt) => void;
  readonly #reject: (error: unknown) => void;
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

  /** The caller gave up; the reason is its own. */
  cancel(reason: unknown): void {
    if (this.#settled) return;
    if (!this.controller) tellNotSent(this.#context);
    this.fail(reason);
    this.controller?.abort(abortReason);
  }

  /** The request leaves now. */
  onRequestStart(controller: Controller): void {
    this.controller = controller;
    // Cancelled while it waited for a connection.
    if (this.#settled) controller.abort(abortReason);
  }

  abstract onResponseStart(controller: Controller, status: number, headers: Headers, statusText?: string): void;
  abstract onResponseData(controller: Controller, chunk: Buffer): void;

  /** The whole answer is there. */
  onResponseEnd(_controller: Controller, trailers: Headers): void {
    const { connection } = this;
    this.connection = undefined;
    connection?.answered();
    this.ended(trailers);
  }

  /** There will be no more of an answer. */
  onResponseError(_controller: unknown, error: Error): void {
    const { connection } = this;
    this.connection = undefined;
    connection?.failed();
    this.failed(error);
  }

  protected abstract ended(trailers: Headers): void;
  protected abstract failed(error: Error): void;

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
    // Without a controller the request never left the queue: nothing of it was written.
    return failureOf(this.#operation, this.#url, this.controller !== undefined, error);
  }

  #settle(): void {
    this.#settled = true;
    this.subscription?.[Symbol.dispose]();
  }
}
