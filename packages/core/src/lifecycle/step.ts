import {
  type CallContext,
  type Clock,
  type ContextKey,
  cancellable,
  contextKey,
  contextScope,
  messageOf,
  settleWithin,
} from '@fwk/kernel';
import { StepFailedError, StepTimeoutError } from './lifecycle-errors.js';

/** The step that code is a part of, such as `http start`; empty outside any. */
export const stepKey: ContextKey<string> = contextKey('step', '');

/** One thing that must be over in time. */
export interface Step {
  /** Who does it: a component's name, or `container`. */
  readonly component: string;
  /** What it does: `start`, `drain`, `dispose`. */
  readonly step: string;
  /** Milliseconds, at least 0; at 0 the work is begun but not waited for. */
  readonly limitMs: number;
}

/**
 * Runs one step of starting or stopping. When its time is over, the context that the work was given is cancelled and
 * the step is given up by name: a hang is never anonymous, and never stops the steps after it. The context is lent to
 * the work alone: what it leaves behind (timers, sockets, listeners) is no part of the step and has no limit.
 * @param parent - giving this up gives the step up at once, with the same reason.
 * @throws {@link StepTimeoutError} when it hung, {@link StepFailedError} round whatever the work threw.
 */
export function runStep(
  clock: Clock,
  { component, step, limitMs }: Step,
  work: (call: CallContext) => Promise<void> | void,
  parent?: CallContext,
): Promise<void> {
  if (parent?.cancelled) return Promise.reject(parent.reason);
  const call = cancellable(parent, {
    deadlineMs: clock.now() + limitMs,
    values: [stepKey.of(`${component} ${step}`)],
  });
  const scope = contextScope(call.context);
  const done = (async () => scope.run(() => work(call.context)))()
    .catch((error: unknown) => {
      const named = error instanceof StepTimeoutError || error instanceof StepFailedError;
      throw named ? error : new StepFailedError(component, step, messageOf(error), error);
    })
    .finally(() => {
      scope.end();
      call[Symbol.dispose]();
    });
  return settleWithin(done, {
    clock,
    limitMs,
    context: parent,
    late() {
      const error = new StepTimeoutError(component, step, limitMs);
      call.cancel(error);
      throw error;
    },
  });
}
