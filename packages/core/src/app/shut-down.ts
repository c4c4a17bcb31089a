import { background, type CallContext, isFwkError, namedLogger, sleep } from '@fwk/kernel';
import { DisposeFailedError } from '../container/container-errors.js';
import { runStep } from '../lifecycle/step.js';
import { type StepTime, StepTimes } from '../lifecycle/step-times.js';
import { flushUsage } from '../usage/flush-usage.js';
import type { CheckedAppOptions } from './app-options.js';
import type { Parts } from './assemble.js';

/** How stopping went. */
export interface ShutDownResult {
  readonly errors: readonly unknown[];
  /** Calls that were still in flight when the wait for them ended. */
  readonly abandoned: number;
  /** What those calls were, with the number of each. */
  readonly abandonedCalls: Readonly<Record<string, number>>;
  /** Every step, in the order in which they began. */
  readonly steps: readonly StepTime[];
}

/** Longest wait for the traces that are not sent yet, in milliseconds. */
const flushMs = 2000;

/** Parts in which the propagation delay is waited. */
const delaySlices = 10;

/** The largest part of the total that is kept for the end. */
const largestReserve = 0.25;

/**
 * Stops what has started, in the one order that loses no request: say not-ready; leave the registry; keep serving while
 * that spreads; stop accepting; wait for calls in flight; stop components in reverse; dispose. (Closing a listener
 * earlier resets idle keep-alive connections of callers that do not know yet that we leave.) A failure does not stop the later
 * steps. The whole has a time limit, and so has each step: after its limit a step is not waited for.
 * @param from - how far starting got: how many components had started, and whether others may have been told of it.
 */
export async function shutDown(
  parts: Parts,
  options: Pick<CheckedAppOptions, 'shutdown' | 'stepTimeoutMs' | 'usage'>,
  from: { readonly started: number; readonly wasTold: boolean },
): Promise<ShutDownResult> {
  const { env, drain, health, builtIn, container, management, flags } = parts;
  const { clock } = env;
  const { leaveTimeoutMs, propagationDelayMs, drainTimeoutMs, reserveMs, totalMs } = options.shutdown;
  const endMs = clock.now() + totalMs;
  // The time from here to `endMs` is reserved for stopping components and disposing.
  const reserveEndMs = endMs - Math.min(reserveMs, totalMs * largestReserve);
  const left = (wantedMs: number, untilMs = endMs) => Math.max(0, Math.min(wantedMs, untilMs - clock.now()));
  const errors: unknown[] = [];
  const times = new StepTimes(clock);
  const attempt = async (
    component: string,
    step: string,
    work: (call: CallContext) => Promise<void> | void,
    limitMs = left(options.stepTimeoutMs),
  ) => {
    try {
      await times.measure(component, step, () => runStep(clock, { component, step, limitMs }, work));
    } catch (error) {
      errors.push(error);
      return error;
    }
    return undefined;
  };
  const started = parts.components.slice(0, from.started).reverse();

  flags.serving = false;
  health.ownChanged();
  drain.begin();
  env.events.emit('drain.began', { active: drain.active });
  if (from.wasTold) {
    const leaveEndMs = Math.min(clock.now() + leaveTimeoutMs, reserveEndMs);
    for (const { name, steps, contextOf } of started) {
      if (!steps.drain) continue;
      await attempt(name, 'drain', (call) => steps.drain?.(contextOf(call)), left(options.stepTimeoutMs, leaveEndMs));
    }
    // In slices: while the process is paused it cannot answer probes, so however long a pause is, it counts as one slice.
    for (let slice = 0; slice < delaySlices && propagationDelayMs > 0; slice++) {
      await sleep(clock, left(propagationDelayMs / delaySlices, reserveEndMs), background);
    }
  }

  const closesEarly = drain.closers > 0;
  const drainEndMs = Math.min(clock.now() + drainTimeoutMs, reserveEndMs);
  const drainLeft = () => left(drainTimeoutMs, drainEndMs);
  if (closesEarly) {
    const closed = drain.close();
    closed.catch(() => undefined);
    // A server closes after its last call. Calls may take `drainTimeoutMs`; what closing needs after them has the limit of a step.
    while ((await drain.idle(drainLeft())) === 0) {
      const failed = await attempt('drain', 'stop accepting', () => closed);
      const anotherCall = isFwkError(failed, 'FWK_CORE_STEP_TIMEOUT') && drain.active > 0 && drainLeft() > 0;
      if (!anotherCall) break;
      errors.pop();
    }
  }
  /** Ends the wait for calls. Those still in flight are not waited for, and components that stop may cut them off. */
  const endWait = () => {
    const [abandoned, abandonedCalls] = [drain.active, drain.inFlight()];
    env.events.emit('drain.ended', { abandoned });
    if (abandoned > 0) {
      env.logger.warn({ abandoned, abandonedCalls }, 'calls were still in flight when the wait for them ended');
    }
    return { abandoned, abandonedCalls };
  };
  let unanswered = closesEarly ? endWait() : undefined;
  for (const { name, steps, contextOf } of started) {
    if (!steps.stop) continue;
    // A server that does not close early waits for calls in its own step.
    const wantedMs = drain.active > 0 ? Math.max(options.stepTimeoutMs, drainLeft()) : options.stepTimeoutMs;
    await attempt(name, 'stop', (call) => steps.stop?.(contextOf(call)), left(wantedMs));
  }
  if (!unanswered) {
    await drain.idle(left(drainTimeoutMs));
    unanswered = endWait();
  }

  // After all calls are counted, and before the container is disposed: `usage.flush` may use what the container holds.
  await attempt('usage', 'flush', () => flushUsage(parts.usage, options.usage.flush, namedLogger(env.logger, 'usage')));
  parts.usage[Symbol.dispose]();
  health[Symbol.dispose]();
  builtIn[Symbol.dispose]();
  try {
    await times.measure('container', 'dispose', () => container.dispose(left(totalMs)));
  } catch (error) {
    errors.push(...(error instanceof DisposeFailedError ? error.errors : [error]));
  }
  if (management) await attempt('management', 'stop', () => management.stop());
  const { tracing } = parts;
  // Last, so that the traces of the calls that were awaited go out too.
  if (tracing) await attempt('tracing', 'flush', () => tracing.flush(left(flushMs)));
  tracing?.[Symbol.dispose]();
  parts.observed?.[Symbol.dispose]();
  return { errors, ...unanswered, steps: times.all };
}
