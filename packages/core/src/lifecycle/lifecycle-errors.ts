import { FwkError, messageOf } from '@fwk/kernel';

/** A step of starting or stopping did not end in time. Code `FWK_CORE_STEP_TIMEOUT`. */
export class StepTimeoutError extends FwkError {
  constructor(component: string, step: string, limitMs: number) {
    super(
      'FWK_CORE_STEP_TIMEOUT',
      `"${component}" did not finish its step "${step}" within ${Math.round(limitMs)} ms; raise the limit or find what it waits for`,
      { details: { component, step, limitMs }, traits: { timedOut: true } },
    );
  }
}

/** A step of starting or stopping threw. The cause says why. Code `FWK_CORE_STEP_FAILED`. */
export class StepFailedError extends FwkError {
  constructor(component: string, step: string, message: string, cause: unknown) {
    super('FWK_CORE_STEP_FAILED', `"${component}" failed in its step "${step}": ${message}`, {
      cause,
      details: { component, step },
    });
  }
}

/** `stop` was called before the start had ended. Code `FWK_CORE_START_STOPPED`. */
export class StartStoppedError extends FwkError {
  constructor(application: string, reason: string) {
    super(
      'FWK_CORE_START_STOPPED',
      `"${application}" was stopped before its start had ended (${reason}); what had started was stopped again`,
      { details: { application, reason } },
    );
  }
}

/** The application stopped, but some steps did not go well. `errors` has each. Code `FWK_CORE_STOP_FAILED`. */
export class StopFailedError extends FwkError {
  readonly errors: readonly unknown[];

  constructor(application: string, errors: readonly unknown[]) {
    super(
      'FWK_CORE_STOP_FAILED',
      `"${application}" stopped, but ${errors.length} step(s) failed: ${errors.map(messageOf).join('; ')}`,
      { cause: errors[0], details: { application, failures: errors.map(messageOf) } },
    );
    this.errors = errors;
  }
}

/** `start` was asked of an application that was started or stopped before. Code `FWK_CORE_WRONG_STATE`. */
export class WrongStateError extends FwkError {
  constructor(application: string, state: string) {
    const runs = state === 'starting' || state === 'ready';
    const next = runs ? 'start() is called once: leave this call out' : 'make a new one with createApp()';
    const why = state === 'failed' ? 'its start has failed' : state === 'stopped' ? 'it was stopped' : `it is ${state}`;
    super('FWK_CORE_WRONG_STATE', `"${application}" cannot be started, because ${why}; ${next}`, {
      details: { application, state },
    });
  }
}
