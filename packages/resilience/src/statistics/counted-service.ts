/**
 * Counts how calls end, from the outside of all layers of a policy: what its callers see.
 *
 * State: the recorder, one a policy. Place: outermost, so that every call which begins also ends here, whichever layer
 * ended it. It waits for nothing.
 */
import {
  type CallContext,
  callSafely,
  type Env,
  type Follower,
  follow,
  markSelfLimiting,
  type Service,
  type Status,
} from '@fwk/kernel';
import { judgeCallError, judgeCallResult } from '../layer/judge-call.js';
import type { OutcomeName } from './policy-counts.js';
import { NOT_TIMED, type StatisticsRecorder } from './recorder.js';

const outcomeNames = Object.freeze({ success: 'successes', failure: 'failures', ignored: 'ignored' } as const);

/** A service whose calls are counted. Disposing of it disposes of the service inside. */
export class CountedService<Req, Res> implements Service<Req, Res>, AsyncDisposable {
  readonly #next: Service<Req, Res> & AsyncDisposable;
  readonly #env: Env;
  readonly #recorderOf: (request: Req) => StatisticsRecorder;
  readonly #ended: () => void;

  /**
   * @param recorderOf - where calls like this one are counted.
   * @param ended - called when nothing is counted any more.
   */
  constructor(
    next: Service<Req, Res> & AsyncDisposable,
    env: Env,
    recorderOf: (request: Req) => StatisticsRecorder,
    ended: () => void = () => {},
  ) {
    this.#next = next;
    this.#env = env;
    this.#recorderOf = recorderOf;
    this.#ended = ended;
    markSelfLimiting(this, { next });
  }

  call(request: Req, context: CallContext): Promise<Res> {
    const counted = new CountedCall<Res>(this.#recorderOf(request), this.#env, request, context);
    return follow(callSafely(this.#next, request, context), counted);
  }

  status(request?: Req): Status {
    return this.#next.status(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended();
    await this.#next[Symbol.asyncDispose]();
  }
}

/** Counts how one call ends. */
class CountedCall<Res> implements Follower<Res> {
  next: Follower<Res> | undefined = undefined;
  readonly #recorder: StatisticsRecorder;
  readonly #startMs: number;
  readonly #env: Env;
  readonly #request: unknown;
  readonly #context: CallContext;

  constructor(recorder: StatisticsRecorder, env: Env, request: unknown, context: CallContext) {
    this.#recorder = recorder;
    this.#startMs = recorder.begin();
    this.#env = env;
    this.#request = request;
    this.#context = context;
  }

  answered(result: Res): undefined {
    const { outcome } = judgeCallResult(this.#env, result, this.#context, this.#request);
    if (outcome === 'success' && this.#startMs === NOT_TIMED) this.#recorder.succeeded();
    else this.#recorder.ended(outcomeNames[outcome], this.#startMs);
  }

  failed(error: unknown): undefined {
    this.#recorder.ended(this.#outcomeOf(error), this.#startMs);
  }

  #outcomeOf(error: unknown): OutcomeName {
    const { outcome, refusedBy } = judgeCallError(this.#env, error, this.#context, this.#request);
    // First, because a caller may give up between the refusal and this moment.
    if (refusedBy === 'caller') return 'rejected';
    return this.#context.cancelled ? 'cancelled' : outcomeNames[outcome];
  }
}
