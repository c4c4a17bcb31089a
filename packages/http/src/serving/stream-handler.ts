/** What an operation does with its streams: how the caller wants the answer, from where it goes on, and the items of a body. */
import { type AnswerEnd, type CallContext, isThenable, TimeLimits } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import { isEventId } from '../contract/item-stream.js';
import { errorIdOf, type OperationError } from '../contract/operation-error.js';
import { httpMetrics } from '../metrics.js';
import { type ChosenFormat, chooseFormat, typeOfFormat } from '../stream/item-format.js';
import { marked } from '../stream/item-writer.js';
import { StreamDrainingError } from '../stream/stream-errors.js';
import { headerNames } from '../wire/headers.js';
import type { Course, Ending } from './course.js';
import { checkDeclared } from './declared-errors.js';
import type { IncomingRequest } from './incoming-request.js';
import type { ReadBody } from './read-body.js';
import { ReceivedBytes } from './received-bytes.js';
import { RequestError } from './request-error.js';
import { ServedStream, type StreamParts } from './served-stream.js';
import type { ServerParts } from './server-parts.js';
import { type BodyParts, carriesNoStreams, StreamedBody } from './streamed-body.js';

/** See the head of this file. */
export class StreamHandler {
  readonly #plan: OperationPlan;
  readonly #out: StreamParts;
  readonly #in: BodyParts;

  constructor({ env, streams }: ServerParts, plan: OperationPlan) {
    this.#plan = plan;
    const items = (direction: 'in' | 'out') =>
      env.metrics.counter(httpMetrics['http.server.stream.items'], { operation: plan.id, direction });
    const shared = { limits: TimeLimits.of(env.clock, true), streams };
    this.#out = {
      ...shared,
      items: items('out'),
      told: (error) => (errorIdOf(error) === undefined ? error : checkDeclared(plan, error as OperationError)),
    };
    this.#in = { ...shared, items: items('in') };
  }

  /**
   * How the answer goes over the wire; undefined where it is no stream.
   * @throws RequestError `FWK_HTTP_NOT_ACCEPTABLE`, `FWK_HTTP_STREAM_WIRE`; StreamDrainingError while the server stops
   */
  formatFor(request: IncomingRequest): ChosenFormat | undefined {
    const { id, stream } = this.#plan;
    if (!stream) return undefined;
    if (!request.streams) throw carriesNoStreams(id);
    if (this.#out.streams.draining) throw new StreamDrainingError(id, true);
    const chosen = chooseFormat(request.headers.accept, stream.as);
    if (chosen) return chosen;
    const types = `${typeOfFormat('ndjson')} and ${typeOfFormat('events')}`;
    throw new RequestError('FWK_HTTP_NOT_ACCEPTABLE', `${id} is a stream, and is answered as ${types}`);
  }

  /** @throws RequestError `FWK_HTTP_STREAM_WIRE`, `FWK_HTTP_MEDIA_TYPE`, `FWK_HTTP_CONTENT_ENCODING` */
  bodyOf(request: IncomingRequest, course: Course): ReadBody | undefined {
    const { bodyStream } = this.#plan;
    if (!bodyStream) return undefined;
    const Body = bodyStream.content.kind === 'bytes' ? ReceivedBytes : StreamedBody;
    const body = new Body(this.#plan, bodyStream, request, this.#in);
    course.reads(body);
    return body;
  }

  /** The item behind which the caller wants to go on; what cannot be an id counts as absent. */
  lastEventId({ headers }: IncomingRequest): string | undefined {
    const given = headers[headerNames.lastEventId];
    return typeof given === 'string' && this.#plan.stream?.id && isEventId(given) ? given : undefined;
  }

  /** Answers what the handler gave, once its first item is here. @param fail - told where it gave no items at all */
  answer(
    given: unknown,
    format: ChosenFormat,
    request: IncomingRequest,
    context: CallContext,
    course: Course,
    ending: Ending,
    fail: (error: unknown) => void,
  ): void {
    const open = (source: unknown) => {
      const marks = request.headers[headerNames.stream] === marked;
      const { stream: plan } = this.#plan;
      if (!plan) throw new TypeError(`${this.#plan.id} is no stream`);
      const stream = new ServedStream(this.#plan, plan, source, format, marks, this.#out, course);
      course.opened(stream);
      stream.open(context, (end: AnswerEnd) => {
        if (end) ending.failed(end.error);
        else ending.answered(stream.answer);
      });
    };
    if (isThenable(given)) Promise.resolve(given).then(open).catch(fail);
    else open(given);
  }
}
