/** An attempt over Mux: it writes itself on a session, and takes the answer. */
import type { Wire } from '@fwk/discovery';
import { type CallContext, isFwkError } from '@fwk/kernel';
import { type ClientSession, type ContextWriter, dispatchStatus, type FrameOutput, type MuxReply } from '@fwk/mux';
import { Attempt } from '../calling/attempt.js';
import { loadProbe } from '../calling/load-probe.js';
import type { EncodedOperation, OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { answerTooLarge, readAnswer } from '../calling/read-answer.js';
import type { ReceivedAnswer } from '../calling/received-answer.js';
import { takenWireKey } from '../calling/taken-wire.js';
import { writeAttempt } from '../calling/write-attempt.js';
import { headerNames } from '../wire/headers.js';
import { readLoad } from '../wire/load-text.js';
import { encodedHeaders, encodedOperation } from './encoded-operation.js';
import type { MuxConnection } from './mux-connection.js';
import { emptyStatus, failedElsewhere, type ReplyFacts, replyFacts, usualStatus } from './reply-facts.js';

const noBytes = Buffer.alloc(0);
const loadKey = Buffer.from(headerNames.load);

/** See the head of this file. */
export class MuxAttempt extends Attempt implements ReceivedAnswer {
  /** Set by the session. */
  tag = 0;
  /** Set by the session. */
  writesBefore = 0;
  readonly request: OperationRequest;
  readonly context: CallContext;
  readonly #connection: MuxConnection;
  readonly #encoded: EncodedOperation;
  readonly #resolve: (answered: Promise<Attempt>) => void;
  #session: ClientSession | undefined;
  #status = usualStatus;
  #text = '';
  /** Kept where it may be no text. */
  #payload = noBytes;
  /** Set where the answer says more than its payload. */
  #facts: ReplyFacts | undefined;

  constructor(
    request: OperationRequest,
    context: CallContext,
    connection: MuxConnection,
    resolve: (answered: Attempt | Promise<Attempt>) => void,
    reject: (error: unknown) => void,
  ) {
    super(context, resolve, reject);
    this.#resolve = resolve;
    this.request = request;
    this.context = context;
    this.#connection = connection;
    this.#encoded = encodedOperation(request.operation);
    this.#takes('mux');
  }

  get destination(): Uint8Array {
    return this.#encoded.destination;
  }

  get status(): number {
    return this.#facts ? this.#facts.status : this.#status;
  }

  protected get sent(): boolean {
    return this.#session !== undefined;
  }

  /** Writes itself. @throws SessionBusyError `FWK_MUX_SESSION_BUSY`, SessionEndedError `FWK_MUX_SESSION_ENDED` */
  sendOn(session: ClientSession): void {
    session.dispatch(this);
    this.#session = session;
  }

  writeContexts(contexts: ContextWriter): void {
    const { request } = this;
    const { headers, operation } = request;
    contexts.all(headers === operation.headers ? this.#encoded.headers : encodedHeaders(headers));
    writeAttempt(request, this.context, this.#connection, this.#connection.contexts.to(contexts));
  }

  writePayload(output: FrameOutput): void {
    const { path, body } = this.request;
    const written = path === this.#encoded.path ? '' : path;
    output.uint16(written.length);
    output.latin1(written);
    if (typeof body === 'string') output.utf8(body);
    else if (body !== undefined) output.raw(body);
  }

  /** The answer is here. @param reply - good until this returns */
  answered(reply: MuxReply): void {
    const { payload, status } = reply;
    const { maxAnswerBytes } = this.#connection;
    if (payload.length > maxAnswerBytes) {
      this.fail(answerTooLarge(this.request.operation.plan.id, maxAnswerBytes));
    } else {
      // The received bytes are good only until this returns.
      if (this.request.operation.plan.answers) this.#payload = Buffer.from(payload);
      const saysMore = this.#saysMore(reply);
      if (status !== dispatchStatus.ok || saysMore) this.#facts = replyFacts(reply);
      else if (payload.length === 0) this.#status = emptyStatus;
      else this.#text = payload.toString('utf8');
      this.succeed();
    }
    this.#connection.ended();
  }

  /** Whether there is more than the payload and the load of the server, which comes first. */
  #saysMore({ contexts }: MuxReply): boolean {
    if (contexts.left === 0) return false;
    contexts.next();
    if (!contexts.keyIs(loadKey)) return true;
    const { bytes, valueBegin, valueEnd } = contexts;
    readLoad(bytes, valueBegin, valueEnd, this.#connection.reported, this.request === loadProbe);
    return contexts.left > 0;
  }

  failed(error: Error, sent: boolean): void {
    if (isFwkError(error, 'FWK_MUX_NOT_ACTED_ON')) {
      this.#facts = failedElsewhere(error.message);
      this.succeed();
    } else this.fail(this.#connection.failureOf(this.request, error, sent));
    this.#connection.ended();
  }

  read(): OperationResponse | Promise<OperationResponse> {
    return readAnswer(this.request.operation.plan, this, this.#connection.clock);
  }

  text(): string {
    return this.#facts ? this.#facts.text : this.#text;
  }

  bytes(): Uint8Array {
    return this.#payload;
  }

  /** What is JSON has no type over Mux. */
  header(name: string): string | undefined {
    return this.#facts?.headers.get(name) ?? (name === 'content-type' ? 'application/json' : undefined);
  }

  /** It was not sent, and goes over HTTP instead. */
  passTo(other: Promise<Attempt>): void {
    this.settle();
    this.#takes('http');
    this.#resolve(other);
  }

  /** It was not sent, and will not be. */
  refused(error: unknown): void {
    this.fail(error);
  }

  protected giveUp(): void {
    if (this.#session) this.#session.discard(this, 'the caller gave up');
    this.#connection.givenUp(this);
  }

  #takes(wire: Wire): void {
    const taken = this.context.get(takenWireKey);
    if (taken) taken.wire = wire;
  }
}
