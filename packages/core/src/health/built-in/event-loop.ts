import type { HealthReport } from '@fwk/kernel';
import type { BuiltInIndicator } from '../check-plan.js';
import type { EventLoopSettings } from '../health-settings.js';
import type { LoopReading } from './loop-watch.js';

/** How late the event loop is, and how busy. It counts for no probe: a restart would not make it less busy. */
export function eventLoopIndicator(limits: () => EventLoopSettings, read: () => LoopReading): BuiltInIndicator {
  return {
    name: 'event-loop',
    groups: [],
    check(): HealthReport {
      const { lagMs, longestLagMs, utilization } = read();
      const details = { ...(lagMs !== undefined && { lagMs, longestLagMs }), utilization };
      const limit = limits();
      if (lagMs !== undefined && lagMs > limit.lagMs) {
        const reason = `timers ran ${lagMs} ms late at the 99th percentile, above ${limit.lagMs} ms: something computes for long`;
        return { status: 'DEGRADED', details: { ...details, reason } };
      }
      if (utilization > limit.utilization) {
        const reason = `the event loop was busy ${utilization} of the time, above ${limit.utilization}`;
        return { status: 'DEGRADED', details: { ...details, reason } };
      }
      return { status: 'UP', details };
    },
  };
}
