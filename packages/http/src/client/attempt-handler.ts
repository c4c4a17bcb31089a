/**
 * One request of an operation over HTTP: collects its answer, within limits.
 *
 * It has the older form of undici's handlers (`onConnect`, `onHeaders`, …), which undici takes up to version 7. The newer form
 * (`onRequestStart`, …) makes a controller, a wrapper and the text of all headers for each request: a tenth of the cost of a
 * call. Here only the headers that are needed are decoded.
 */
import type { TakeReport } from '@fwk/discovery';
import { type CallContext, type Clock, type GrowingBytes, growingFrom } from '@fwk/kernel';
import type { Dispatcher } from 'undici';
import type { AnswerHead, Attempt } from '../calling/attempt.js';
import { loadProbe } from '../calling/load-probe.js';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { answerNotExpanded, answerTooLarge, codingUnknown, readAnswer } from '../calling/read-answer.js';
import type { ReceivedAnswer } from '../calling/received-answer.js';
import { codingOf } from '../coding/codings.js';
import { type ExpandLimits, expand } from '../coding/expand.js';
import { headerNames } from '../wire/headers.js';
import { readLoad } from '../wire/load-text.js';
import { abortReason, HttpAttempt } from './http-attempt.js';

const noHeaders: readonly Buffer[] = Object.freeze([]);

/** See the head of this file. */
export class AttemptHandler extends HttpAttempt implements Dispatcher.DispatchHandler, ReceivedAnswer, AnswerHead {
  status = 0;
  readonly #request: OperationRequest;
  readonly #limits: ExpandLimits;
  readonly #clock: Clock;
  readonly #reported: TakeReport;
  /** Names and values in turn, as they came. */
  #headers = noHeaders;
  #first: Buffer | undefined;
  /** All pieces where there are several, copied: there may be very many, each of which would cost more than its bytes. */
  #all: GrowingBytes | undefined;
  #bytes = 0;

  constructor(
    request: OperationRequest,
    url: string,
    limits: ExpandLimits,
    clock: Clock,
    reported: TakeReport,
    context: CallContext,
    resolve: (answered: Attempt) => void,
    reject: (error: unknown) => void,
  ) {
    super(request.operation.plan.id, url, context, resolve, reject);
    this.#request = request;
    this.#limits = limits;
    this.#clock = clock;
    this.#reported = reported;
  }

  onConnect(abort: (reason: Error) => void): void {
    this.started(abort);
  }

  onHeaders(status: number, headers: readonly Buffer[]): boolean {
    // Interim answers, such as 103 Early Hints.
    if (status < 200) return true;
    this.status = status;
    this.#headers = headers;
    if (this.boundsLength && Number(this.header('content-length') ?? 0) > this.#limits.maxBytes) this.#tooLarge();
    const load = this.#valueOf(headerNames.load);
    if (load) readLoad(load, 0, load.length, this.#reported, this.#request === loadProbe);
    return true;
  }

  /** Whether the answer is read whole, so that its length is bounded. */
  protected get boundsLength(): boolean {
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.settled) return true;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.maxBytes) this.#tooLarge();
    else if (!this.#first) this.#first = chunk;
    else {
      this.#all ??= growingFrom(this.#first);
      this.#all.add(chunk);
    }
    return true;
  }

  onComplete(): void {
    this.complete();
    if (!this.settled) this.succeed();
  }

  onError(error: Error): void {
    this.broken();
    if (!this.settled) this.fail(this.failureOf(error));
  }

  read(): OperationResponse | Promise<OperationResponse> {
    const body = this.#body;
    const encoding = this.header('content-encoding');
    if (encoding !== undefined && body) return this.#readEncoded(encoding, body);
    return readAnswer(this.#request.operation.plan, this, this.#clock);
  }

  async #readEncoded(encoding: string, body: Buffer): Promise<OperationResponse> {
    const { plan } = this.#request.operation;
    const coding = codingOf(encoding);
    if (coding === 'unknown') throw codingUnknown(plan.id, encoding);
    if (coding !== undefined) {
      const expanded = await expand(coding, body, this.#limits);
      if (!Buffer.isBuffer(expanded)) throw answerNotExpanded(plan.id, expanded, coding, this.#limits);
      this.#first = expanded;
      this.#all = undefined;
    }
    return readAnswer(plan, this, this.#clock);
  }

  text(): string {
    return this.#body?.toString('utf8') ?? '';
  }

  bytes(): Uint8Array {
    return this.#body ?? new Uint8Array();
  }

  get #body(): Buffer | undefined {
    return this.#all?.bytes ?? this.#first;
  }

  override get answerHead(): AnswerHead {
    return this;
  }

  all(name: string): string | undefined {
    const values: string[] = [];
    const headers = this.#headers;
    for (let index = 0; index < headers.length; index += 2) {
      const given = headers[index] as Buffer;
      if (given.length === name.length && given.toString('latin1').toLowerCase() === name) {
        values.push((headers[index + 1] as Buffer).toString('latin1'));
      }
    }
    return values.length === 0 ? undefined : values.join(', ');
  }

  header(name: string): string | undefined {
    return this.#valueOf(name)?.toString('latin1');
  }

  #valueOf(name: string): Buffer | undefined {
    const headers = this.#headers;
    for (let index = 0; index < headers.length; index += 2) {
      const given = headers[index] as Buffer;
      if (given.length === name.length && given.toString('latin1').toLowerCase() === name) {
        return headers[index + 1];
      }
    }
    return undefined;
  }

  #tooLarge(): void {
    this.fail(answerTooLarge(this.#request.operation.plan.id, this.#limits.maxBytes));
    this.abort(abortReason);
  }
}
