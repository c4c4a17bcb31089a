import type { CallContext } from '../context/call-context.js';
import { isFwkError, messageOf } from '../errors/fwk-error.js';
import { type Verdict, verdicts } from './classifier.js';
import type { Env } from './service.js';

/**
 * Asks the stack's classifier about an error. A classifier that throws, or answers no verdict, must not hide the error it
 * was asked about: the call counts as a failure that is not tried again, and the classifier is reported by an event.
 * @param request - what was asked; of a wrapped function the list of its arguments.
 */
export function judgeError(env: Env, error: unknown, context: CallContext, request: unknown): Verdict {
  try {
    return withFacts(checked(env.classifier.ofError(error, context, request)), error, context);
  } catch (thrown) {
    return brokenClassifier(env, thrown);
  }
}

/** The same about a result. The caller still gets the result. */
export function judgeResult(env: Env, result: unknown, context: CallContext, request: unknown): Verdict {
  try {
    return checked(env.classifier.ofResult(result, context, request));
  } catch (thrown) {
    return brokenClassifier(env, thrown);
  }
}

/**
 * Whether the callee was asked, who refused, whether time ran out and was noticed late are facts, whatever a classifier
 * says; what the callee asked to wait is one where the classifier does not know better. An error that is the reason of the
 * cancellation may tell of an outer call: of this one only that time was noticed late.
 */
function withFacts(verdict: Verdict, error: unknown, context: CallContext): Verdict {
  const ofReason = context.cancelled && isFwkError(context.reason) && context.reason.traits.noticedLate;
  if (!isFwkError(error) || (context.cancelled && error === context.reason)) {
    return ofReason ? { ...verdict, noticedLate: true } : verdict;
  }
  const { notProcessed, refusedBy, timedOut, noticedLate = ofReason, retryAfterMs } = error.traits;
  // What a layer of the caller refused was not sent, whether its error says so or not.
  const sent = refusedBy === 'caller' ? false : notProcessed === undefined ? undefined : !notProcessed;
  const waits = retryAfterMs !== undefined && verdict.retryAfterMs === undefined;
  if (sent === undefined && refusedBy === undefined && !timedOut && !noticedLate && !waits) return verdict;
  return {
    ...verdict,
    ...(sent !== undefined && { sent }),
    ...(refusedBy && { refusedBy }),
    ...(timedOut && { timedOut }),
    ...(noticedLate && { noticedLate }),
    ...(waits && { retryAfterMs }),
  };
}

/** Not everybody's classifier is checked by a compiler, and a branch without a `return` is quickly written. */
function checked(verdict: Verdict): Verdict {
  switch (verdict.outcome) {
    case 'success':
    case 'failure':
    case 'ignored':
      return verdict;
    default:
      throw new TypeError(`the verdict must have an outcome of success, failure or ignored, not ${verdict.outcome}`);
  }
}

function brokenClassifier(env: Env, thrown: unknown): Verdict {
  env.events.emit('classifier.failed', { path: env.path, error: messageOf(thrown) });
  env.logger.error(
    { err: thrown, path: env.path },
    'the classifier threw or answered no verdict; the call counts as a failure',
  );
  return verdicts.failure;
}
