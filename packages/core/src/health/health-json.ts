import type { AppInfo, HealthStatus } from '@fwk/kernel';
import type { HealthSummary } from './health.js';
import { causeOf } from './health-history.js';

/** Media type of {@link healthJson}. */
export const healthJsonType = 'application/health+json';

const words: Readonly<Record<HealthStatus, 'pass' | 'warn' | 'fail'>> = Object.freeze({
  UP: 'pass',
  UNKNOWN: 'warn',
  DEGRADED: 'warn',
  OUT_OF_SERVICE: 'fail',
  DOWN: 'fail',
});

/**
 * A report in the form of draft-inadarei-api-health-check: `pass`, `warn` or `fail`, one check per component and
 * measurement.
 * @param wallTimeMs - now, in milliseconds since the epoch; ages count back from it.
 */
export function healthJson(report: HealthSummary, app: AppInfo, wallTimeMs: number): object {
  const checks: Record<string, object[]> = {};
  for (const [name, { status, details, ageMs, durationMs }] of Object.entries(report.components)) {
    const time = ageMs === undefined ? undefined : new Date(wallTimeMs - ageMs).toISOString();
    const output = words[status] === 'pass' ? undefined : causeOf(details);
    checks[`${name}:responseTime`] = [
      {
        componentType: 'component',
        status: words[status],
        ...(durationMs !== undefined && { observedValue: Math.round(durationMs * 1000) / 1000, observedUnit: 'ms' }),
        ...(time && { time }),
        ...(output !== undefined && { output }),
      },
    ];
  }
  return {
    status: words[report.status],
    version: app.version,
    releaseId: app.version,
    serviceId: app.name,
    description: app.instanceId,
    checks,
  };
}
