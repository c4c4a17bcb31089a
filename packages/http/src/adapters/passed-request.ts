/**
 * A request that is passed on to a service: what a dispatcher got, put through the service's layers. Whoever sent it sees one
 * request and one answer, whatever attempts were made, and may give it up at any time.
 *
 * Up to the head of the answer it is a call like others, with deadline, retries and limits. The body that follows has a
 * limit of its own only for the time between two pieces.
 */
import { type CallContext, type Cancellable, CancelledError, cancellable, currentContext } from '@fwk/kernel';
import type { Dispatcher } from 'undici';
import type { Attempt } from '../calling/attempt.js';
import type { Forwarded, OperationRequest } from '../calling/operation-request.js';
import type { ClientOperations } from '../client/client-core.js';
import type { DispatchHandler } from './dispatch-types.js';
import { type AnswerReceiver, ForwardedAttempt } from './forwarded-attempt.js';
import { watchedBody } from './watched-body.js';

type Controller = Dispatcher.DispatchController;
type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** As undici has it. */
const BODY_TIMEOUT_MS = 300_000;

/** What of a request is passed on. */
export interface PassedParts {
  /** For messages. */
  readonly operation: string;
  readonly method: string;
  readonly bodyTimeoutMs: number | undefined;
  /** Called when the request has ended, including the body of its answer. */
  readonly onEnd: (passed: PassedRequest) => void;
}

/** See the head of this file. */
export class PassedRequest implements Forwarded, AnswerReceiver, Controller {
  readonly method: string;
  readonly bodyTimeoutMs: number;
  body: Forwarded['body'] = null;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: NonNullable<Controller['rawHeaders']> | null = null;
  readonly #operation: string;
  readonly #onEnd: PassedParts['onEnd'];
  readonly #handler: DispatchHandler;
  readonly #attempts: ForwardedAttempt[] = [];
  #call: Cancellable | undefined;
  #chosen: ForwardedAttempt | undefined;
  #over = false;

  /** @param handler - of whoever sent it. */
  constructor({ operation, method, bodyTimeoutMs, onEnd }: PassedParts, handler: DispatchHandler) {
    this.#operation = operation;
    this.#onEnd = onEnd;
    this.method = method;
    this.bodyTimeoutMs = bodyTimeoutMs ?? BODY_TIMEOUT_MS;
    this.#handler = handler;
  }

  /**
   * Sends it and gives the answer to its handler; never throws.
   * @param make - answers the request, at once or once its body is there.
   * @param values - added to the context in which this is called.
   */
  send(
    operations: ClientOperations,
    make: (context: CallContext) => OperationRequest | Promise<OperationRequest>,
    values: NonNullable<Parameters<typeof cancellable>[1]>['values'] = [],
  ): void {
    const call = cancellable(currentContext(), { values });
    this.#call = call;
    this.#handler.onRequestStart?.(this, undefined);
    const sent = this.aborted ? Promise.reject(this.reason) : this.#send(operations, make, call.context);
    sent.then(
      ({ value }) => this.#give(value),
      (error: unknown) => this.#fail(error),
    );
  }

  /** Sets the body to send. When it fails before its end, the request is aborted with the body's own error. */
  setBody(body: Forwarded['body']): void {
    this.body = watchedBody(body, (error) => {
      // If the attempt has ended already, the body is not the cause.
      if (!this.#attempts.at(-1)?.settled) this.abort(error);
    });
  }

  attempt(
    url: string,
    context: CallContext,
    resolve: (answered: Attempt) => void,
    reject: (error: unknown) => void,
  ): ForwardedAttempt {
    const attempt = new ForwardedAttempt(this.#operation, url, context, resolve, reject);
    this.#attempts.push(attempt);
    return attempt;
  }

  abort(reason: Error = new CancelledError(`${this.#operation}: it was aborted by whoever sent it`)): void {
    if (this.aborted || this.#over) return;
    this.aborted = true;
    this.reason = reason;
    if (this.#chosen) this.#chosen.abort(reason);
    else this.#call?.cancel(reason);
  }

  /** Gives up the rest of the answer's body. A request that has no answer yet goes on. */
  abortBody(reason: Error): void {
    if (this.#chosen) this.abort(reason);
  }

  pause(): void {
    this.paused = true;
    this.#chosen?.pause();
  }

  resume(): void {
    this.paused = false;
    this.#chosen?.resume();
  }

  onResponseStart(status: number, headers: Headers, statusText: string | undefined, raw: unknown): void {
    if (Array.isArray(raw)) this.rawHeaders = raw;
    this.#tell(() => this.#handler.onResponseStart?.(this, status, headers, statusText));
  }

  onResponseData(chunk: Buffer): void {
    this.#tell(() => this.#handler.onResponseData?.(this, chunk));
  }

  onResponseEnd(trailers: Headers): void {
    if (this.#over) return;
    this.#tell(() => this.#handler.onResponseEnd?.(this, trailers));
    this.#end();
  }

  onResponseError(error: Error): void {
    if (this.#over) return;
    this.#end();
    this.#handler.onResponseError?.(this, error);
  }

  async #send(
    operations: ClientOperations,
    make: (context: CallContext) => OperationRequest | Promise<OperationRequest>,
    context: CallContext,
  ) {
    const made = make(context);
    return operations.service.call(made instanceof Promise ? await made : made, context);
  }

  #give(value: unknown): void {
    if (!(value instanceof ForwardedAttempt)) {
      this.#fail(new TypeError(`${this.#operation}: a layer answered something else than what it was given`));
    } else if (this.aborted) this.#fail(this.reason);
    else {
      this.#chosen = value;
      this.#settle();
      value.giveTo(this);
    }
  }

  #fail(error: unknown): void {
    this.#settle();
    this.onResponseError(error instanceof Error ? error : new Error(String(error), { cause: error }));
  }

  /** The call is over; attempts whose answer was not chosen are let go of. */
  #settle(): void {
    this.#call?.[Symbol.dispose]();
    for (const attempt of this.#attempts) if (attempt !== this.#chosen) attempt.discard();
  }

  #end(): void {
    this.#over = true;
    this.#onEnd(this);
  }

  /** What a handler throws ends the request, as in undici. */
  #tell(tell: () => void): void {
    if (this.#over) return;
    try {
      tell();
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
