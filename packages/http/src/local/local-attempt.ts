/** An attempt at a server in the same process: it hands over copies of what it carries, and takes the answer. */
import { type CallContext, CancelledError, TimeLimits } from '@fwk/kernel';
import { leftReason } from '../calling/answer-items.js';
import { Attempt } from '../calling/attempt.js';
import { ConnectionError } from '../calling/client-errors.js';
import type { ClientOperation, OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { answerTooLarge, readAnswer } from '../calling/read-answer.js';
import type { ReceivedAnswer } from '../calling/received-answer.js';
import { takenWireKey } from '../calling/taken-wire.js';
import { writeAttempt } from '../calling/write-attempt.js';
import { httpMetrics } from '../metrics.js';
import type { WireAnswer } from '../serving/answer.js';
import { HeaderRecord, isCarriedHeader } from '../serving/header-record.js';
import type { AnswerStream } from '../serving/stream-sink.js';
import type { RequestHead } from '../serving/whole-request.js';
import { copied, isLonger } from './copied-body.js';
import { HandedStream } from './handed-stream.js';
import type { LocalConnection } from './local-connection.js';
import { LocalHead } from './local-head.js';
import type { LocalFault } from './local-request.js';
import type { LocalCall, LocalServing } from './local-server.js';

/** What all calls of an operation have in common. */
export interface LocalOperation {
  /** `/inventory/stock` */
  readonly destination: string;
  /** The headers that all its calls carry. */
  readonly headers: HeaderRecord;
}

const closed: LocalFault = { sent: true, code: 'ECONNRESET', message: 'the server was closed' };

/** See the head of this file. */
export class LocalAttempt extends Attempt implements LocalCall, ReceivedAnswer {
  /** Set by the connection: whether it has one of the places there. */
  placed = false;
  readonly #request: OperationRequest;
  readonly #context: CallContext;
  readonly #connection: LocalConnection;
  readonly #operation: LocalOperation;
  /** On the side of the server, once it was handed over. */
  #served: ReturnType<LocalServing['serve']>;
  #sent = false;
  #answer: WireAnswer | undefined;
  #body: string | Uint8Array = '';
  /** Where the answer goes on with a stream. */
  #stream: HandedStream | undefined;

  constructor(
    request: OperationRequest,
    context: CallContext,
    connection: LocalConnection,
    resolve: (answered: Attempt) => void,
    reject: (error: unknown) => void,
  ) {
    super(context, resolve, reject);
    this.#request = request;
    this.#context = context;
    this.#connection = connection;
    this.#operation = connection.operationOf(request.operation);
    const taken = context.get(takenWireKey);
    if (taken) taken.wire = 'local';
  }

  get destination(): string {
    return this.#operation.destination;
  }

  get url(): string {
    return this.#request.path;
  }

  get body(): string | Uint8Array | undefined {
    return this.#request.body;
  }

  pieces(): AsyncIterable<Uint8Array> | undefined {
    const { bodyItems, operation } = this.#request;
    const { metrics, clock } = this.#connection.parts;
    const labels = { operation: operation.plan.id, direction: 'out' };
    const sent = metrics.counter(httpMetrics['http.client.stream.items'], labels);
    return bodyItems?.pieces((error) => this.#failBody(error), TimeLimits.of(clock), sent);
  }

  get status(): number {
    return this.#answer?.status ?? 0;
  }

  protected get sent(): boolean {
    return this.#sent;
  }

  head(): RequestHead {
    const { headers, operation } = this.#request;
    const head = new LocalHead(headers === operation.headers ? this.#operation.headers : recordOf(headers));
    writeAttempt(this.#request, this.#context, this.#connection.parts, head);
    return head.written();
  }

  /** Hands itself over, unless nobody waits for an answer any more. */
  send(): void {
    if (this.settled) return;
    const { server } = this.#connection;
    if (!server.open) {
      this.refused(this.#failure(false, 'ECONNREFUSED', 'it takes no more calls'));
      return;
    }
    this.#sent = true;
    this.#served = server.serve(this);
  }

  answered(answer: WireAnswer): void {
    if (answer.stream) {
      this.#begin(answer, answer.stream);
      return;
    }
    if (this.settled) return;
    const { body } = answer;
    const { maxAnswerBytes } = this.#connection.parts;
    this.#over();
    if (body !== undefined && isLonger(body, maxAnswerBytes)) {
      this.fail(answerTooLarge(this.#request.operation.plan.id, maxAnswerBytes));
      return;
    }
    this.#answer = answer;
    if (body !== undefined) this.#body = copied(body);
    this.succeed();
  }

  lost({ sent, code, message }: LocalFault = closed): void {
    this.#over();
    const failure = this.#failure(sent, code, message);
    this.fail(failure);
    this.#stream?.items.reader.fail(failure);
  }

  /** It was not handed over, and will not be. */
  refused(error: unknown): void {
    this.#over();
    this.fail(error);
  }

  read(): OperationResponse | Promise<OperationResponse> {
    if (this.#stream) return this.#stream.items.response(this.status);
    return readAnswer(this.#request.operation.plan, this, this.#connection.parts.clock);
  }

  text(): string {
    const body = this.#body;
    return typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  }

  bytes(): Uint8Array {
    const body = this.#body;
    return typeof body === 'string' ? Buffer.from(body) : body;
  }

  header(name: string): string | undefined {
    const answer = this.#answer;
    if (name === 'content-type') return answer?.contentType;
    for (const [given, value] of Object.entries(answer?.headers ?? {})) if (given.toLowerCase() === name) return value;
    return undefined;
  }

  protected giveUp(): void {
    this.#over();
    this.#served?.gone();
    this.#stream?.items.reader.abort(leftReason);
  }

  /** It keeps its place until the stream has ended. */
  #begin(answer: WireAnswer, stream: AnswerStream): void {
    const { plan } = this.#request.operation;
    this.#answer = answer;
    if (this.settled || !plan.stream) {
      stream.leave(new CancelledError(`${plan.id}: nobody waits for its stream`));
      return;
    }
    const { parts, url } = this.#connection;
    const handed = { operation: plan, plan: plan.stream, endpoint: url, answer: this, clock: parts.clock };
    const made = new HandedStream(handed, { stop: () => this.#served?.gone(), over: () => this.#over() });
    this.#stream = made;
    made.begin(stream);
    made.items.reader.whenReady(() => {
      if (!this.settled) this.succeed();
    });
  }

  /** Its own body ends it. */
  #failBody(error: Error): void {
    this.fail(error);
    this.giveUp();
    this.#stream?.items.reader.abort(error);
  }

  #over(): void {
    this.#request.bodyItems?.end();
    this.#connection.over(this);
  }

  #failure(sent: boolean, code: LocalFault['code'], why: string): ConnectionError {
    const { id } = this.#request.operation.plan;
    return new ConnectionError(id, this.#connection.url, sent, new LocalCallError(code, why));
  }
}

/** Becomes the cause of a `ConnectionError`; the code is the one of the system for the same thing between processes. */
class LocalCallError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'LocalCallError';
    this.code = code;
  }
}

/** What all calls of an operation have in common. */
export function localOperation({ plan, headers }: ClientOperation): LocalOperation {
  const contract = plan.id.slice(0, -plan.name.length - 1);
  return { destination: `/${contract}/${plan.name}`, headers: recordOf(headers) };
}

/** @param headers - names in lower case and values in turn. @throws RequestError `FWK_HTTP_REQUEST_MALFORMED` */
function recordOf(headers: readonly string[]): HeaderRecord {
  const record = new HeaderRecord();
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (isCarriedHeader(name)) record.add(name, headers[index + 1] as string);
  }
  return record;
}
