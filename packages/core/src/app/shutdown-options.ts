import { checkOptions, millisecondsIn } from '@fwk/kernel';

/** How an application stops; milliseconds. */
export interface ShutdownOptions {
  /** Limit of all `drain` steps together, such as leaving the registry; 0 to 600,000. @defaultValue 5000 */
  readonly leaveTimeoutMs: number;
  /** Time in which others learn that we leave, while we still serve; 0 to 60,000. @defaultValue 1000 */
  readonly propagationDelayMs: number;
  /** Longest wait for calls in flight; 0 to 600,000. @defaultValue 10000 */
  readonly drainTimeoutMs: number;
  /**
   * Part of the total that is kept for stopping components and disposing: what comes before them may not use it up; at most a
   * quarter of the total; 0 to 600,000. @defaultValue 3000
   */
  readonly reserveMs: number;
  /** Limit of the whole; below what the platform allows (Kubernetes: 30 s); 1 to 600,000. @defaultValue 20000 */
  readonly totalMs: number;
}

/** Defaults of {@link ShutdownOptions}. */
export const shutdownDefaults: Readonly<ShutdownOptions> = Object.freeze({
  leaveTimeoutMs: 5000,
  propagationDelayMs: 1000,
  drainTimeoutMs: 10_000,
  reserveMs: 3000,
  totalMs: 20_000,
});

/** @throws OptionsError */
export function checkShutdownOptions(options: Partial<ShutdownOptions> | undefined): ShutdownOptions {
  return checkOptions<ShutdownOptions>('createApp shutdown', options, shutdownDefaults, {
    leaveTimeoutMs: millisecondsIn(0, 600_000),
    propagationDelayMs: millisecondsIn(0, 60_000),
    drainTimeoutMs: millisecondsIn(0, 600_000),
    reserveMs: millisecondsIn(0, 600_000),
    totalMs: millisecondsIn(1, 600_000),
  });
}
