/**
 * One request of an operation on the wire: collects its answer, within limits, and makes of it a value or one of our errors.
 *
 * The dispatcher calls in the async context of whoever opened the connection. So what it calls only collects; the answer is
 * read by whoever waits for it, and a schema runs in the context of its own call.
 */
import { type CallContext, type Clock, jsonFault, markDoNotRetry, parseJson, readRetryAfterMs } from '@fwk/kernel';
import { headerNames } from '../wire/headers.js';
import { readProblem } from '../wire/problem.js';
import { RemoteError } from '../wire/remote-error.js';
import { validatePart } from '../wire/validate.js';
import { AnswerInvalidError } from './client-errors.js';
import type { OperationRequest, OperationResponse } from './operation-request.js';
import { abortReason, type Controller, type Headers, WireAttempt } from './wire-attempt.js';

const noHeaders: Headers = Object.freeze({});

/** See the head of this file. */
export class AttemptHandler extends WireAttempt {
  readonly #request: OperationRequest;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  #status = 0;
  #headers: Headers = noHeaders;
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

  onResponseStart(controller: Controller, status: number, headers: Headers): void {
    // Interim answers, such as 103 Early Hints.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    if (Number(headers['content-length'] ?? 0) > this.#maxBytes) this.#tooLarge(controller);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.settled) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.#tooLarge(controller);
    else if (!this.#first) this.#first = chunk;
    else if (this.#chunks) this.#chunks.push(chunk);
    else this.#chunks = [this.#first, chunk];
  }

  protected override ended(): void {
    if (!this.settled) this.answered();
  }

  protected override failed(error: Error): void {
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
    const retryAfter = this.#headers['retry-after'];
    const retryAfterMs = retryAfter === undefined ? undefined : readRetryAfterMs(retryAfter, this.#clock.wallTime());
    const error = new RemoteError(id, this.#status, problem, retryAfterMs);
    return this.#headers[headerNames.retry] === 'no' ? markDoNotRetry(error) : error;
  }

  #text(): string {
    return (this.#chunks ? Buffer.concat(this.#chunks, this.#bytes) : this.#first)?.toString('utf8') ?? '';
  }

  #contentType(): string {
    return String(this.#headers['content-type'] ?? '').slice(0, 100);
  }

  #isJson(): boolean {
    const type = this.#contentType();
    return type.startsWith('application/json') || /^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i.test(type);
  }

  #tooLarge(controller: Controller): void {
    const { id } = this.#request.operation.plan;
    this.fail(new AnswerInvalidError(id, `is larger than maxAnswerBytes ${this.#maxBytes}`));
    controller.abort(abortReason);
  }
}
