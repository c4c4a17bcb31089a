import { background, type CallContext, isFwkError, sleep } from '@fwk/kernel';
import { DisposeFailedError } from '../container/container-errors.js';
import { runStep } from '../lifecycle/step.js';
import { flushUsage } from '../usage/flush-usage.js';
import type { CheckedAppOptions } from './app-options.js';
import type { Parts } from './assemble.js';

/** How stopping went. */
export interface ShutDownResult {
  readonly errors: readonly unknown[];
  /** Calls that were still in flight when the wait for them ended. */
  readonly abandoned: number;
}

/** Longest wait for the traces that are not sent yet, in milliseconds. */
const flushMs = 2000;

/**
 * Stops what has started, in the one order that loses no request: leave the registry; say not-ready; keep serving while
 * that spreads; stop accepting; wait for calls in flight; stop components in reverse; dispose. (Closing a listener
 * earlier resets idle keep-alive connections of callers that still think we are here.) No failure stops what follows,
 * and the whole is bounded: what comes after the limit is begun, but not waited for.
 */
export async function shutDown(
  parts: Parts,
  options: Pick<CheckedAppOptions, 'shutdown' | 'stepTimeoutMs' | 'usage'>,
  from: { readonly started: number; readonly wasReady: boolean },
): Promise<ShutDownResult> {
  const { env, drain, health, container, management, flags } = parts;
  const { clock } = env;
  const { propagationDelayMs, drainTimeoutMs, totalMs } = options.shutdown;
  const endMs = clock.now() + totalMs;
  const left = (wantedMs: number) => Math.max(0, Math.min(wantedMs, endMs - clock.now()));
  const errors: unknown[] = [];
  const attempt = async (
    component: string,
    step: string,
    work: (call: CallContext) => Promise<void> | void,
    wantedMs = options.stepTimeoutMs,
  ) => {
    try {
      await runStep(clock, { component, step, limitMs: left(wantedMs) }, work);
    } catch (error) {
      errors.push(error);
      return error;
    }
    return undefined;
  };
  const started = parts.components.slice(0, from.started).reverse();

  drain.begin();
  env.events.emit('drain.began', { active: drain.active });
  if (from.wasReady) {
    for (const { name, steps, contextOf } of started) {
      await attempt(name, 'drain', (call) => steps.drain?.(contextOf(call)));
    }
  }
  flags.serving = false;
  if (from.wasReady && propagationDelayMs > 0) await sleep(clock, left(propagationDelayMs), background);

  const closesEarly = drain.closers > 0;
  const drainEndMs = clock.now() + drainTimeoutMs;
  const drainLeft = () => left(drainEndMs - clock.now());
  if (closesEarly) {
    const closed = drain.close();
    closed.catch(() => undefined);
    // A server has closed when its last call is answered. Calls have the time for draining, the rest that of a step.
    while ((await drain.idle(drainLeft())) === 0) {
      const failed = await attempt('drain', 'stop accepting', () => closed);
      const anotherCall = isFwkError(failed, 'FWK_CORE_STEP_TIMEOUT') && drain.active > 0 && drainLeft() > 0;
      if (!anotherCall) break;
      errors.pop();
    }
  }
  for (const { name, steps, contextOf } of started) {
    // A server that does not close early waits for calls in its own step.
    const wantedMs = drain.active > 0 ? Math.max(options.stepTimeoutMs, drainLeft()) : options.stepTimeoutMs;
    await attempt(name, 'stop', (call) => steps.stop?.(contextOf(call)), wantedMs);
  }
  const abandoned = await drain.idle(closesEarly ? 0 : left(drainTimeoutMs));
  env.events.emit('drain.ended', { abandoned });
  if (abandoned > 0) env.logger.warn({ abandoned }, 'calls were still in flight when the wait for them ended');

  // No call is counted any more; whoever keeps what is left may need what components gave.
  await attempt('usage', 'flush', () => flushUsage(parts.usage, options.usage.flush, env.logger));
  parts.usage[Symbol.dispose]();
  health[Symbol.dispose]();
  try {
    await container.dispose(left(totalMs));
  } catch (error) {
    errors.push(...(error instanceof DisposeFailedError ? error.errors : [error]));
  }
  if (management) await attempt('management', 'stop', () => management.stop());
  const { tracing } = parts;
  // Last, so that the traces of the calls that were awaited go out too.
  if (tracing) await attempt('tracing', 'flush', () => tracing.flush(left(flushMs)));
  tracing?.[Symbol.dispose]();
  parts.observed?.[Symbol.dispose]();
  return { errors, abandoned };
}
