import type { HealthIndicator } from '@fwk/kernel';
import type { HealthSettings } from './health-settings.js';

/** How one check runs and what it counts for: what is set for it, over what its code says, over what is set for all. */
export interface CheckPlan {
  readonly enabled: boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly jitter: number;
  readonly optional: boolean;
  readonly groups: readonly string[];
}

/** A check of the framework's own, which some settings turn on. */
export interface BuiltInIndicator extends HealthIndicator {
  /** @defaultValue always */
  enabledBy?(settings: HealthSettings): boolean;
}

/** The plan of a check under these settings. */
export function planOf(indicator: BuiltInIndicator, settings: HealthSettings): CheckPlan {
  const own = Object.hasOwn(settings.checks, indicator.name) ? settings.checks[indicator.name] : undefined;
  return {
    enabled: (own?.enabled ?? true) && (indicator.enabledBy?.(settings) ?? true),
    intervalMs: own?.intervalMs ?? indicator.intervalMs ?? settings.intervalMs,
    timeoutMs: own?.timeoutMs ?? indicator.timeoutMs ?? settings.timeoutMs,
    jitter: settings.jitter,
    optional: own?.optional ?? indicator.optional ?? false,
    groups: own?.groups ?? indicator.groups ?? ['readiness'],
  };
}

/** The probes of the platform. */
export const probeGroups = Object.freeze(['liveness', 'readiness', 'startup'] as const);

/** Whether a check counts for a group: probes leave out what the application can do without. */
export function countsFor({ enabled, optional, groups }: CheckPlan, group: string): boolean {
  const isProbe = (probeGroups as readonly string[]).includes(group);
  return enabled && groups.includes(group) && !(isProbe && optional);
}
