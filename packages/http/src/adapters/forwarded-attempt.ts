/**
 * One attempt at a request that is passed on. It holds its answer, a little of the body included, until it is known whether
 * this one goes to whoever sent the request; then everything further goes there as it comes. An answer that nobody gets is
 * let go of: a short rest is read, so that its connection can be used again.
 */
import type { Dispatcher } from 'undici';
import type { AnswerHead } from '../calling/attempt.js';
import type { OperationResponse } from '../calling/operation-request.js';
import { abortReason, HttpAttempt } from '../client/http-attempt.js';

type Controller = Dispatcher.DispatchController;
type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Most bytes that are held of an answer before its receiver is known, and that are read of one without a receiver. */
const MAX_HELD_BYTES = 65_536;

/** Gets the answer that was chosen. */
export interface AnswerReceiver {
  /** Whether it wants to be told nothing more for now. */
  readonly paused: boolean;
  onResponseStart(status: number, headers: Headers, statusText: string | undefined, raw: unknown): void;
  onResponseData(chunk: Buffer): void;
  onResponseEnd(trailers: Headers): void;
  onResponseError(error: Error): void;
}

/** What the layers see of an answer that is passed on. */
export interface ForwardedAnswer extends OperationResponse {
  readonly headers: Headers;
}

/** See the head of this file. */
export class ForwardedAttempt extends HttpAttempt implements Dispatcher.DispatchHandler, AnswerHead {
  status = 0;
  headers: Headers = {};
  #controller: Controller | undefined;
  #statusText: string | undefined;
  #held: Buffer[] = [];
  #bytes = 0;
  #trailers: Headers | undefined;
  #error: Error | undefined;
  #receiver: AnswerReceiver | undefined;
  #discarded = false;

  override get answerHead(): AnswerHead {
    return this;
  }

  all(name: string): string | undefined {
    const value = this.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  read(): ForwardedAnswer {
    return { status: this.status, headers: this.headers, value: this };
  }

  /** Gives the answer to its receiver: what is here at once, the rest as it comes. */
  giveTo(receiver: AnswerReceiver): void {
    this.#receiver = receiver;
    receiver.onResponseStart(this.status, this.headers, this.#statusText, this.#controller?.rawHeaders);
    for (const chunk of this.#held.splice(0)) receiver.onResponseData(chunk);
    // It may have been paused while nobody read it.
    if (!receiver.paused) this.#controller?.resume();
    if (this.#error) receiver.onResponseError(this.#error);
    else if (this.#trailers) receiver.onResponseEnd(this.#trailers);
  }

  /** Nobody gets the answer, unless somebody has it already. */
  discard(): void {
    if (this.#receiver || this.#discarded) return;
    this.#discarded = true;
    this.#held = [];
    if (this.#bytes > MAX_HELD_BYTES) this.abort(abortReason);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    this.started((reason) => controller.abort(reason));
  }

  onResponseStart(_controller: Controller, status: number, headers: Headers, statusText?: string): void {
    // Interim answers, such as 103 Early Hints.
    if (status < 200 || this.settled) return;
    this.status = status;
    this.headers = headers;
    this.#statusText = statusText;
    this.succeed();
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#receiver) {
      this.#receiver.onResponseData(chunk);
      return;
    }
    this.#bytes += chunk.length;
    if (!this.#discarded) this.#held.push(chunk);
    if (this.#bytes <= MAX_HELD_BYTES) return;
    if (this.#discarded) controller.abort(abortReason);
    else controller.pause();
  }

  onResponseEnd(_controller: Controller, trailers: Headers): void {
    this.complete();
    this.#trailers = trailers;
    this.#receiver?.onResponseEnd(trailers);
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.broken();
    if (!this.settled) {
      this.fail(this.failureOf(error));
      return;
    }
    // An abort keeps the reason of whoever aborted.
    this.#error = this.#controller?.aborted ? error : this.failureOf(error);
    this.#receiver?.onResponseError(this.#error);
  }
}
