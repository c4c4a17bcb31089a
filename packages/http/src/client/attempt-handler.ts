/**
 * One request of an operation on the wire: collects its answer, within limits, and makes of it a value or one of our errors.
 *
 * The dispatcher calls in the async context of whoever opened the connection. So what it calls only collects; the answer is
 * read by whoever waits for it, and a schema runs in the context of its own call.
 *
 * It has the older form of undici's handlers (`onConnect`, `onHeaders`, …), which undici takes up to version 7. The newer form
 * (`onRequestStart`, …) makes a controller, a wrapper and the text of all headers for each request: a tenth of the cost of a
 * call. Here only the headers that are needed are decoded.
 */
import { type CallContext, type Clock, jsonFault, markDoNotRetry, parseJson, readRetryAfterMs } from '@fwk/kernel';
import type { Dispatcher } from 'undici';
import { headerNames } from '../wire/headers.js';
import { readProblem } from '../wire/problem.js';
import { RemoteError } from '../wire/remote-error.js';
import { validatePart } from '../wire/validate.js';
import { AnswerInvalidError } from './client-errors.js';
import type { OperationRequest, OperationResponse } from './operation-request.js';
import { abortReason, WireAttempt } from './wire-attempt.js';

const noHeaders: readonly Buffer[] = Object.freeze([]);

/** See the head of this file. */
export class AttemptHandler extends WireAttempt implements Dispatcher.DispatchHandler {
  readonly #request: OperationRequest;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  #status = 0;
  /** Names and values in turn, as they came. */
  #headers = noHeaders;
  #first: Buffer | undefined;
  #chunks: Buffer[] | undefined;
  #bytes = 0;

  constructor(
    request: OperationRequest,
    url: string,
    maxBytes: number,
    clock: Clock,
    context: CallContext,
    resolve: (answered: WireAttempt) => void,
    reject: (error: unknown) => void,
  ) {
    super(request.operation.plan.id, url, context, resolve, reject);
    this.#request = request;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  onConnect(abort: (reason: Error) => void): void {
    this.started(abort);
  }

  onHeaders(status: number, headers: readonly Buffer[]): boolean {
    // Interim answers, such as 103 Early Hints.
    if (status < 200) return true;
    this.#status = status;
    this.#headers = headers;
    if (Number(this.#header('content-length') ?? 0) > this.#maxBytes) this.#tooLarge();
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.settled) return true;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.#tooLarge();
    else if (!this.#first) this.#first = chunk;
    else if (this.#chunks) this.#chunks.push(chunk);
    else this.#chunks = [this.#first, chunk];
    return true;
  }

  onComplete(): void {
    this.complete();
    if (!this.settled) this.answered();
  }

  onError(error: Error): void {
    this.broken();
    if (!this.settled) this.fail(this.failureOf(error));
  }

  /**
   * The answer, once it is there.
   * @throws RemoteError `FWK_HTTP_REMOTE`, AnswerInvalidError `FWK_HTTP_ANSWER_INVALID`
   */
  read(): OperationResponse | Promise<OperationResponse> {
    const { plan } = this.#request.operation;
    const status = this.#status;
    if (status >= 300) throw this.#remoteError();
    if (!plan.response) return { status, value: undefined };
    const result = validatePart(plan.response, 'response', this.#json());
    return result instanceof Promise ? result.then((later) => this.#take(later)) : this.#take(result);
  }

  #take(result: Awaited<ReturnType<typeof validatePart>>): OperationResponse {
    const { id } = this.#request.operation.plan;
    if (result.issues) throw new AnswerInvalidError(id, 'does not fit the contract', result.issues);
    return { status: this.#status, value: result.value };
  }

  #json(): unknown {
    const { id } = this.#request.operation.plan;
    if (!this.#isJson()) throw new AnswerInvalidError(id, `is no JSON but ${this.#contentType() || 'without a type'}`);
    try {
      return parseJson(this.#text());
    } catch (error) {
      throw new AnswerInvalidError(id, jsonFault(error), [], error);
    }
  }

  #remoteError(): RemoteError {
    const { id } = this.#request.operation.plan;
    let document: unknown;
    try {
      document = this.#isJson() ? parseJson(this.#text()) : undefined;
    } catch {
      // An error status says enough; its body is only an explanation.
    }
    const problem = readProblem(document, this.#status);
    const retryAfter = this.#header('retry-after');
    const retryAfterMs = retryAfter === undefined ? undefined : readRetryAfterMs(retryAfter, this.#clock.wallTime());
    const error = new RemoteError(id, this.#status, problem, retryAfterMs);
    return this.#header(headerNames.retry) === 'no' ? markDoNotRetry(error) : error;
  }

  #text(): string {
    return (this.#chunks ? Buffer.concat(this.#chunks, this.#bytes) : this.#first)?.toString('utf8') ?? '';
  }

  #contentType(): string {
    return (this.#header('content-type') ?? '').slice(0, 100);
  }

  #isJson(): boolean {
    const type = this.#contentType();
    return type.startsWith('application/json') || /^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i.test(type);
  }

  /** @param name - in lower case. */
  #header(name: string): string | undefined {
    const headers = this.#headers;
    for (let index = 0; index < headers.length; index += 2) {
      const given = headers[index] as Buffer;
      if (given.length === name.length && given.toString('latin1').toLowerCase() === name) {
        return headers[index + 1]?.toString('latin1');
      }
    }
    return undefined;
  }

  #tooLarge(): void {
    const { id } = this.#request.operation.plan;
    this.fail(new AnswerInvalidError(id, `is larger than maxAnswerBytes ${this.#maxBytes}`));
    this.abort(abortReason);
  }
}
