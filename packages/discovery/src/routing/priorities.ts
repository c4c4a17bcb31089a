/**
 * Priorities and failover. The first level takes all calls while enough of it is healthy. What a level cannot carry goes to the
 * next: it can carry `overprovisioning` times its healthy share, so that with 1.4 it keeps all calls down to 71 % healthy.
 *
 * health(P) = min(1, overprovisioning · healthy / total); load(P) = min(what is left, health(P) / min(1, Σ health)).
 * When all levels together cannot carry everything, a level with less than `panicRatio` healthy is in panic: what this client
 * sees is more likely wrong than that so many are down, so all of it is called. When nobody is healthy, the first level gets
 * everything.
 * Source: Envoy, priority levels and panic threshold.
 */

/** How many of one level there are, in any unit. */
export interface LevelHealth {
  readonly healthy: number;
  readonly total: number;
}

/** What a level gets. */
export interface LevelLoad {
  /** Share of all calls, 0 to 1; the sum over all levels is 1. */
  readonly load: number;
  /** Whether it is called without regard to health. */
  readonly panic: boolean;
}

/** When calls leave a level. */
export interface PrioritySettings {
  readonly overprovisioning: number;
  readonly panicRatio: number;
}

/** The loads of the levels, the first priority first. */
export function priorityLoads(
  levels: readonly LevelHealth[],
  { overprovisioning, panicRatio }: PrioritySettings,
): readonly LevelLoad[] {
  const healths = levels.map(({ healthy, total }) =>
    total > 0 ? Math.min(1, (overprovisioning * healthy) / total) : 0,
  );
  const sum = healths.reduce((before, health) => before + health, 0);
  if (sum === 0) return levels.map((_level, at) => ({ load: at === 0 ? 1 : 0, panic: true }));
  const whole = Math.min(1, sum);
  let left = 1;
  return levels.map(({ healthy, total }, at) => {
    const load = Math.min(left, (healths[at] as number) / whole);
    // Sums of fractions: what is left by rounding alone is no load.
    left = left - load < 1e-9 ? 0 : left - load;
    return { load, panic: sum < 1 - 1e-9 && healthy < panicRatio * total };
  });
}
