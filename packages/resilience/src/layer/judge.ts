import { type CallContext, type Env, messageOf, type Verdict, verdicts } from '@fwk/kernel';

/**
 * Asks the stack's classifier about an error. A classifier that throws must not hide the error it was asked about: the
 * call counts as a failure that is not tried again, and the classifier's own error is reported as an event.
 */
export function judgeError(env: Env, error: unknown, context: CallContext): Verdict {
  try {
    return env.classifier.ofError(error, context);
  } catch (thrown) {
    return brokenClassifier(env, thrown);
  }
}

/** The same about a result. The caller still gets the result. */
export function judgeResult(env: Env, result: unknown): Verdict {
  try {
    return env.classifier.ofResult(result);
  } catch (thrown) {
    return brokenClassifier(env, thrown);
  }
}

function brokenClassifier(env: Env, thrown: unknown): Verdict {
  env.events.emit('classifier.failed', { path: env.path, error: messageOf(thrown) });
  env.logger.error({ err: thrown, path: env.path }, 'the classifier threw; the call counts as a failure');
  return verdicts.failure;
}
