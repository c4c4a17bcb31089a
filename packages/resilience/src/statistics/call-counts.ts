/**
 * Counts the calls of one operation for a server, which sees every ending itself: the answer, the deadline, a caller that
 * leaves. So nothing need stand round the handler to look on.
 */
import { type CallContext, type DeadlineExceededError, type Env, judgeError } from '@fwk/kernel';
import { Expiry } from '../deadline/expiry.js';
import { countingEnv } from './counting-meter.js';
import { NOT_TIMED, type StatisticsRecorder } from './recorder.js';

const names = Object.freeze({ success: 'successes', failure: 'failures', ignored: 'ignored' } as const);

/** See the head of this file. */
export class CallCounts {
  readonly #env: Env;
  readonly #recorder: StatisticsRecorder;
  readonly #expiry: Expiry;

  constructor(env: Env, recorder: StatisticsRecorder) {
    this.#env = env;
    this.#recorder = recorder;
    this.#expiry = new Expiry(countingEnv(env, recorder));
  }

  /** A call begins. @returns what the ending is to be told with */
  begin(): number {
    return this.#recorder.begin();
  }

  /** It was answered as the contract says. */
  succeeded(startMs: number): void {
    if (startMs === NOT_TIMED) this.#recorder.succeeded();
    else this.#recorder.ended('successes', startMs);
  }

  /** It ended with an error, which the classifier judges. */
  failed(error: unknown, startMs: number, context: CallContext): void {
    this.#recorder.ended(names[judgeError(this.#env, error, context, undefined).outcome], startMs);
  }

  /**
   * Reports and counts that the total time of a call ran out, as the deadline layer does.
   * @param limitMs - what it was given, in milliseconds; undefined when the time was over from the start.
   * @returns the error that the call ends with
   */
  outOfTime(context: CallContext, limitMs?: number): DeadlineExceededError {
    return this.#expiry.error(context, limitMs);
  }

  /** One of the layers refused it. */
  refused(startMs: number): void {
    this.#recorder.ended('rejected', startMs);
  }

  /** Its caller left. */
  cancelled(startMs: number): void {
    this.#recorder.ended('cancelled', startMs);
  }
}
