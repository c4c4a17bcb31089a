/** The streams of a client that are under way, so that closing the client ends them: a stream may have no end of its own. */
import { type CallContext, type Env, fromSignal, type Service } from '@fwk/kernel';
import { ClientClosedError } from '../calling/client-errors.js';
import type { ClientOperation, OperationRequest, OperationResponse } from '../calling/operation-request.js';
import type { CallOptions } from '../contract/contract-types.js';
import { httpMetrics } from '../metrics.js';
import { CallStream } from './call-stream.js';
import { type GivenRequest, prepareRequest } from './prepare-request.js';

/** How long closing waits for streams to end by themselves, in milliseconds. */
const CLOSING_MS = 2000;

/** What streams are called by, until it is closed. */
interface StreamCalls {
  readonly service: Service<OperationRequest, OperationResponse>;
  readonly closed: boolean;
}

/** See the head of this file. */
export class ClientStreams implements AsyncDisposable {
  readonly #env: Env;
  readonly #open = new Set<CallStream>();
  #emptied: (() => void) | undefined;

  constructor(env: Env) {
    this.#env = env;
  }

  /** Makes the stream of one call. */
  stream(
    operation: ClientOperation,
    operations: StreamCalls,
    context: CallContext,
    given: GivenRequest,
    options: CallOptions | undefined,
  ): CallStream {
    const { clock, random, metrics } = this.#env;
    const { id, stream } = operation.plan;
    const derived = options?.signal && fromSignal(options.signal, context);
    return new CallStream({
      service: operations.service,
      context: derived?.context ?? context,
      clock,
      random,
      items: metrics.counter(httpMetrics['http.client.stream.items'], { operation: id, direction: 'in' }),
      resumed: metrics.counter(httpMetrics['http.client.stream.resumed'], { operation: id }),
      resumable: stream?.id !== undefined,
      lastEventId: options?.lastEventId,
      request: (lastEventId) =>
        prepareRequest(operation, given, { ...options, ...(lastEventId !== undefined && { lastEventId }) }),
      begun: (begun) => {
        if (operations.closed) throw new ClientClosedError(id);
        this.#open.add(begun);
      },
      over: (over) => {
        derived?.[Symbol.dispose]();
        this.#forget(over);
      },
    });
  }

  /** Waits for those under way; what has not ended after 2 s is ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open.size === 0) return;
    const { clock } = this.#env;
    const empty = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    const timer = clock.setTimer(() => {
      for (const stream of [...this.#open]) {
        stream.abort(new ClientClosedError('a stream'));
        this.#forget(stream);
      }
    }, CLOSING_MS);
    await empty;
    clock.clearTimer(timer);
  }

  #forget(stream: CallStream): void {
    this.#open.delete(stream);
    if (this.#open.size === 0) this.#emptied?.();
  }
}
