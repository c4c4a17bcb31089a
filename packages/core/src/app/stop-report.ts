import { FwkError, isFwkError, messageOf } from '@fwk/kernel';
import type { StepTime } from '../lifecycle/step-times.js';
import type { ShutDownResult } from './shut-down.js';

/** How an application stopped, and what it did not wait for. */
export interface StopReport {
  readonly reason: string;
  readonly durationMs: number;
  /** Steps whose time was over before they had ended, such as `db stop`. */
  readonly cutOff: readonly string[];
  /** Calls that were still in flight when the wait for them was over. */
  readonly abandoned: number;
  /** What those calls were, with the number of each. */
  readonly abandonedCalls: Readonly<Record<string, number>>;
  /** Messages of all that went wrong, that of steps that were cut off included. */
  readonly failures: readonly string[];
  /** Every step of stopping with its time. */
  readonly steps: readonly StepTime[];
}

/** Says how stopping went. */
export function stopReport(
  reason: string,
  durationMs: number,
  { errors, abandoned, abandonedCalls, steps }: ShutDownResult,
): StopReport {
  const cutOff = errors.filter((error) => isFwkError(error, 'FWK_CORE_STEP_TIMEOUT')).map(stepOf);
  return { reason, durationMs, cutOff, abandoned, abandonedCalls, failures: errors.map(messageOf), steps };
}

function stepOf(error: unknown): string {
  const { component, step } = error instanceof FwkError ? error.details : {};
  return `${component} ${step}`;
}
