/** The stack's classifier, asked about calls of wrapped functions and of services alike. */
import { type CallContext, type Env, judgeError, judgeResult, type Verdict } from '@fwk/kernel';
import { CallFrame } from './call-frame.js';

/** What may be read of a call from outside: the arguments of a wrapped function, or the request of a service. */
export function askedOf(request: unknown): unknown {
  return request instanceof CallFrame ? request.args : request;
}

/** Asks the classifier about an error of the call. */
export function judgeCallError(env: Env, error: unknown, context: CallContext, request: unknown): Verdict {
  return judgeError(env, error, context, askedOf(request));
}

/** Asks the classifier about a result of the call. */
export function judgeCallResult(env: Env, result: unknown, context: CallContext, request: unknown): Verdict {
  return judgeResult(env, result, context, askedOf(request));
}

/** Lets the classifier free what a result or an error holds that no caller gets. */
export function releaseEnding({ classifier, logger, path }: Env, ending: unknown): void {
  try {
    classifier.release?.(ending);
  } catch (error) {
    logger.error({ err: error, path }, 'the classifier could not release a result');
  }
}
