import { performance } from 'node:perf_hooks';

/** Milliseconds since the epoch with fractions, the same for all processes of the machine. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
