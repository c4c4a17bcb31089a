import {
  type Env,
  FwkError,
  type HealthIndicator,
  type HealthStatus,
  makeEnv,
  settleWithin,
  type Token,
  token,
} from '@fwk/kernel';
import { type CheckResult, type CheckRunner, checkRunner } from './check-runner.js';
import { declaredChecks, type ProbeGroup } from './health-check.js';
import { probeStatus, worstOf } from './status.js';

/** One component as health reports show it. */
export interface ComponentHealth {
  readonly status: HealthStatus;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Time since the result was found, in milliseconds; absent while nothing was found. */
  readonly ageMs?: number;
  /** How long the check took, in milliseconds. */
  readonly durationMs?: number;
  /** The probes it counts for. */
  readonly groups: readonly ProbeGroup[];
}

/** Everything that is known, in the shape of Spring's actuator. */
export interface HealthSummary {
  readonly status: HealthStatus;
  readonly components: Readonly<Record<string, ComponentHealth>>;
}

/** What a probe answers. */
export interface ProbeAnswer {
  readonly status: 200 | 503;
  readonly body: { readonly status: HealthStatus; readonly components?: Readonly<Record<string, ComponentHealth>> };
}

/** The application's health. Asking is synchronous and cheap: checks run in the background, answers are their last. */
export interface Health {
  /**
   * Answers a probe from the last results; 503 for DOWN and OUT_OF_SERVICE.
   * @param verbose - lists the components that count. @defaultValue false
   */
  probe(group: ProbeGroup, verbose?: boolean): ProbeAnswer;
  /** All components, whatever they count for. */
  report(): HealthSummary;
  /**
   * Adds a check; it runs at once if the application has started.
   * @throws DuplicateIndicatorError when the name is taken.
   */
  add(indicator: HealthIndicator): Disposable;
}

/** The owning side of {@link Health}. */
export interface HealthControl extends Health, Disposable {
  /** Adds the checks declared by `@HealthCheck` on an instance. */
  addDeclared(instance: unknown): void;
  /**
   * Begins running; settles when every check has answered once, or after {@link firstLookMs}. What it finds is not
   * announced yet, since the application is still starting.
   */
  start(): Promise<void>;
  /**
   * The application has started: runs the checks again that were not UP and announces what is still not UP. Settles when
   * they have answered, or after {@link firstLookMs}.
   */
  ready(): Promise<void>;
}

/** The application's health. */
export const healthToken: Token<Health> = token('health');

/** Longest wait of a starting application for its checks, in milliseconds: a check that hangs does not hold the start. */
const firstLookMs = 1000;

/** Two checks have one name. Code `FWK_CORE_DUPLICATE_INDICATOR`. */
export class DuplicateIndicatorError extends FwkError {
  constructor(name: string) {
    super('FWK_CORE_DUPLICATE_INDICATOR', `there are two health checks named "${name}"; rename one`, {
      details: { name },
    });
  }
}

/**
 * Makes the health of an application. Dispose it with the application: it owns the timers of the checks.
 * @param own - what the application says of itself, asked at each probe; shown as the component `application`.
 */
export function createHealth(
  parts: Partial<Env> = {},
  own: (group: ProbeGroup) => HealthStatus = () => 'UP',
): HealthControl {
  const env = makeEnv(parts);
  const runners = new Map<string, CheckRunner>();
  let running = false;
  let announcing = false;

  const announce = (name: string, { status, details }: CheckResult, previous: HealthStatus) => {
    env.events.emit('health.changed', { name, status, previous, details: details ?? {} });
  };
  /** Nobody waits for the rest: their results count when they come. */
  const look = async (runs: readonly Promise<void>[]) => {
    await settleWithin(Promise.all(runs), { clock: env.clock, limitMs: firstLookMs, late: () => undefined });
  };
  const describe = ({ indicator, last }: CheckRunner): ComponentHealth => {
    const groups = indicator.groups ?? ['readiness'];
    if (!last) return { status: 'UNKNOWN', groups };
    const { status, details, durationMs, atMs } = last;
    return { status, ...(details && { details }), ageMs: env.clock.now() - atMs, durationMs, groups };
  };
  const summary = (chosen: readonly CheckRunner[], group: ProbeGroup): HealthSummary => {
    const application: ComponentHealth = { status: own(group), groups: ['readiness', 'startup'] };
    const others = chosen.map((runner) => [runner.indicator.name, describe(runner)] as const);
    const components = Object.fromEntries([['application', application] as const, ...others]);
    return { status: worstOf(Object.values(components).map((component) => component.status)), components };
  };

  const health: HealthControl = {
    probe(group, verbose = false) {
      let worst = own(group);
      const chosen: CheckRunner[] = [];
      for (const runner of runners.values()) {
        if (!(runner.indicator.groups ?? ['readiness']).includes(group)) continue;
        worst = worstOf([worst, runner.last?.status ?? 'UNKNOWN']);
        if (verbose) chosen.push(runner);
      }
      const body = verbose ? summary(chosen, group) : { status: worst };
      return { status: probeStatus(worst), body };
    },
    report: () => summary([...runners.values()], 'readiness'),
    add(indicator) {
      const { name } = indicator;
      if (runners.has(name) || name === 'application') throw new DuplicateIndicatorError(name);
      const runner = checkRunner(env.clock, indicator, (result, previous) => {
        // Unknown is the beginning: only what then turns out not to be UP is news.
        const known = previous?.status ?? 'UNKNOWN';
        if (!announcing || result.status === known || (known === 'UNKNOWN' && result.status === 'UP')) return;
        announce(name, result, known);
      });
      runners.set(name, runner);
      if (running) void runner.start();
      return {
        [Symbol.dispose]() {
          runner[Symbol.dispose]();
          if (runners.get(name) === runner) runners.delete(name);
        },
      };
    },
    addDeclared(instance) {
      if (typeof instance !== 'object' || instance === null) return;
      for (const { name, method, group, timeoutMs, intervalMs } of declaredChecks(instance)) {
        const call: unknown = Reflect.get(instance, method);
        if (typeof call !== 'function') continue;
        health.add({
          name,
          groups: [group ?? 'readiness'],
          ...(timeoutMs !== undefined && { timeoutMs }),
          ...(intervalMs !== undefined && { intervalMs }),
          check: (context) => call.call(instance, context),
        });
      }
    },
    async start() {
      running = true;
      await look([...runners.values()].map((runner) => runner.start()));
    },
    async ready() {
      await look([...runners.values()].map((runner) => runner.recheck()));
      announcing = true;
      for (const { indicator, last } of runners.values()) {
        if (last && last.status !== 'UP') announce(indicator.name, last, 'UNKNOWN');
      }
    },
    [Symbol.dispose]() {
      running = false;
      for (const runner of runners.values()) runner[Symbol.dispose]();
    },
  };
  return health;
}
