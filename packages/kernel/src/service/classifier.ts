import type { CallContext } from '../context/call-context.js';
import { isFwkError } from '../errors/fwk-error.js';

/** How a call counts. `ignored` counts neither way: the caller gave up, or asked for something impossible. */
export type Outcome = 'success' | 'failure' | 'ignored';

/** The one judgement that retry, breaker, balancer, budget and metrics share. */
export interface Verdict {
  readonly outcome: Outcome;
  /** Another attempt may succeed; whether one is made is the retry's to say, which also obeys *do not retry* marks. */
  readonly retryable: boolean;
  /** The callee refused for lack of capacity. */
  readonly overloaded: boolean;
  /**
   * False when the callee provably did nothing of the call: then it may be tried again whatever it does. True when it was
   * sent for certain. A fact, not a judgement: taken from the error's traits, as are the others below. @defaultValue unknown
   */
  readonly sent?: boolean;
  /** Who refused it, where somebody did. @defaultValue nobody */
  readonly refusedBy?: 'caller' | 'callee';
  /** What the callee asked to wait before another attempt, in milliseconds. @defaultValue the error's trait */
  readonly retryAfterMs?: number;
  /** A limit of time ran out. @defaultValue false */
  readonly timedOut?: boolean;
  /** A limit of time that this process noticed late. @defaultValue false */
  readonly noticedLate?: boolean;
}

/**
 * Whether the ending of a call is the doing of the caller's own side, and says nothing about the callee: one of its layers
 * refused the call, or it was itself too late to see the answer.
 */
export function isOwnDoing({ refusedBy, noticedLate }: Verdict): boolean {
  return refusedBy === 'caller' || noticedLate === true;
}

/** Whether the ending of a call counts for or against the callee: not when it is ignored, or the caller's own doing. */
export function concernsCallee(verdict: Verdict): boolean {
  return verdict.outcome !== 'ignored' && !isOwnDoing(verdict);
}

/**
 * Judges how calls ended. Must be cheap: several layers ask about each call.
 *
 * `request` is what was asked: the request of a service, or of a wrapped function the list of its arguments. Context and
 * request are always given by layers; they may be left out where one classifier asks another.
 */
export interface Classifier {
  ofResult(result: unknown, context?: CallContext, request?: unknown): Verdict;
  ofError(error: unknown, context: CallContext, request?: unknown): Verdict;
  /**
   * Frees what a result or an error holds that no caller gets, such as the socket of an answer whose body nobody reads:
   * another attempt took its place. Must not throw. @defaultValue nothing is done
   */
  release?(ending: unknown): void;
}

/** The verdicts, made once so that judging allocates nothing. */
export const verdicts = Object.freeze({
  success: verdict('success', false, false),
  ignored: verdict('ignored', false, false),
  retryableIgnored: verdict('ignored', true, false),
  failure: verdict('failure', false, false),
  retryableFailure: verdict('failure', true, false),
  overloaded: verdict('failure', true, true),
  overloadedFinal: verdict('failure', false, true),
});

function verdict(outcome: Outcome, retryable: boolean, overloaded: boolean): Verdict {
  return Object.freeze({ outcome, retryable, overloaded });
}

/**
 * The default: results are successes; our own errors say what they are by their traits; any other error is a failure that
 * may be tried again.
 *
 * Once the call is cancelled its reason decides, not the error: libraries wrap the reason in errors of their own. A
 * caller who gave up, for whatever reason, says nothing about the callee, so that is ignored; a limit of time that ran out
 * (the trait `timedOut`: a timeout, the deadline) says that the callee was slow, so that is a failure.
 */
export const defaultClassifier: Classifier = {
  ofResult: () => verdicts.success,
  ofError(error, context) {
    if (context.cancelled) return isTimeLimit(context.reason) ? verdicts.failure : verdicts.ignored;
    if (!isFwkError(error)) return verdicts.retryableFailure;
    const { outcome, overloaded = false, retryable = false } = error.traits;
    if (outcome === 'ignored') return retryable && !overloaded ? verdicts.retryableIgnored : verdicts.ignored;
    if (overloaded) return retryable ? verdicts.overloaded : verdicts.overloadedFinal;
    return retryable ? verdicts.retryableFailure : verdicts.failure;
  },
};

function isTimeLimit(reason: unknown): boolean {
  return isFwkError(reason) && reason.traits.timedOut === true;
}
