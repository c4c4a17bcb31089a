import {
  type Env,
  type HealthIndicator,
  type HealthStatus,
  type Live,
  makeEnv,
  settleWithin,
  warnOfListener,
} from '@fwk/kernel';
import { roundedMs } from '../lifecycle/step-times.js';
import { countsFor, planOf, probeGroups } from './check-plan.js';
import { type CheckResult, CheckRunner } from './check-runner.js';
import {
  applicationName,
  type ComponentHealth,
  DuplicateIndicatorError,
  type HealthControl,
  type HealthSummary,
  type ProbeAnswer,
} from './health.js';
import { declaredChecks, type ProbeGroup } from './health-check.js';
import { causeOf, HealthHistory, type HealthTransition } from './health-history.js';
import { checkIndicator, defined, type HealthSettings, healthDefaults } from './health-settings.js';
import { atMostDegraded, probeStatus, worstOf } from './status.js';

/** Longest wait of a starting application for its checks, in milliseconds. */
const firstLookMs = 1000;

/**
 * Makes the health of an application. Dispose it with the application: it owns the timers of the checks.
 * @param own - what the application says of itself, asked at each probe; shown as the component `application`.
 */
export function createHealth(
  parts: Partial<Env> = {},
  own: (group: ProbeGroup) => HealthStatus = () => 'UP',
): HealthControl {
  return new AppHealth(makeEnv(parts), own);
}

class AppHealth implements HealthControl {
  settings: HealthSettings = healthDefaults;
  readonly #env: Env;
  readonly #own: (group: ProbeGroup) => HealthStatus;
  readonly #runners = new Map<string, CheckRunner>();
  readonly #history = new HealthHistory();
  readonly #listeners = new Set<() => void>();
  #followed: Disposable | undefined;
  #ownStatus: HealthStatus;
  #running = false;
  #announcing = false;

  constructor(env: Env, own: (group: ProbeGroup) => HealthStatus) {
    this.#env = env;
    this.#own = own;
    this.#ownStatus = own('readiness');
  }

  get groups(): readonly string[] {
    const own = [...this.#runners.values()].filter(({ plan }) => plan.enabled).flatMap(({ plan }) => plan.groups);
    return [...new Set<string>([...probeGroups, ...own])];
  }

  get history(): readonly HealthTransition[] {
    return this.#history.all;
  }

  probe(group: string, verbose = false): ProbeAnswer {
    const status = this.#statusOf(group);
    if (!verbose) return { status: probeStatus(status), body: { status } };
    const { components } = this.report(group);
    const shown = Object.entries(components).map(([name, { details: _, ...rest }]) => [name, rest] as const);
    return { status: probeStatus(status), body: { status, components: Object.fromEntries(shown) } };
  }

  report(group?: string): HealthSummary {
    const components: [string, ComponentHealth][] = [];
    if (group === undefined || isProbe(group)) components.push([applicationName, this.#describeOwn(group)]);
    for (const [name, runner] of this.#runners) {
      const counts = group === undefined ? runner.plan.enabled : countsFor(runner.plan, group);
      if (counts) components.push([name, this.#describe(runner)]);
    }
    const statuses = components.map(([, { status, optional }]) =>
      group === undefined && optional ? atMostDegraded(status) : status,
    );
    return { status: worstOf(statuses), components: Object.fromEntries(components) };
  }

  onChange(listener: () => void): Disposable {
    // A wrapper of its own, so that the same function may subscribe twice and leave once.
    const own = () => listener();
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  add(indicator: HealthIndicator): Disposable {
    checkIndicator(indicator);
    const { name } = indicator;
    if (this.#runners.has(name) || name === applicationName) throw new DuplicateIndicatorError(name);
    const { clock, random } = this.#env;
    const runner = new CheckRunner(indicator, planOf(indicator, this.settings), {
      clock,
      random,
      onResult: (result, previous) => this.#found(name, result, previous),
    });
    this.#runners.set(name, runner);
    this.#tell();
    if (this.#running) void runner.start();
    return {
      [Symbol.dispose]: () => {
        runner[Symbol.dispose]();
        if (this.#runners.get(name) !== runner) return;
        this.#runners.delete(name);
        this.#history.forget(name);
        this.#tell();
      },
    };
  }

  addBuiltIn(indicator: HealthIndicator): void {
    if (!this.#runners.has(indicator.name)) this.add(indicator);
  }

  addDeclared(instance: unknown): void {
    if (typeof instance !== 'object' || instance === null) return;
    for (const { name, method, group, groups, ...options } of declaredChecks(instance)) {
      const call: unknown = Reflect.get(instance, method);
      if (typeof call !== 'function') continue;
      this.add({
        name,
        groups: groups ?? [group ?? 'readiness'],
        ...defined(options),
        check: (context) => call.call(instance, context),
      });
    }
  }

  follow(settings: Live<HealthSettings>): void {
    const take = () => {
      this.settings = settings.value;
      for (const runner of this.#runners.values()) runner.follow(planOf(runner.indicator, this.settings));
      this.#tell();
    };
    this.#followed?.[Symbol.dispose]();
    this.#followed = settings.subscribe(take);
    take();
  }

  ownChanged(): void {
    const previous = this.#ownStatus;
    this.#ownStatus = this.#own('readiness');
    this.#remember(applicationName, previous, this.#ownStatus, undefined);
    this.#tell();
  }

  async start(): Promise<void> {
    this.#running = true;
    await this.#look([...this.#runners.values()].map((runner) => runner.start()));
  }

  async ready(): Promise<void> {
    await this.#look([...this.#runners.values()].map((runner) => runner.recheck()));
    this.#announcing = true;
    for (const { indicator, last } of this.#runners.values()) {
      if (last && last.status !== 'UP') this.#announce(indicator.name, last, 'UNKNOWN');
    }
    const unknown = Object.keys(this.settings.checks).filter((name) => !this.#runners.has(name));
    if (unknown.length === 0) return;
    const known = [...this.#runners.keys()];
    this.#env.logger.warn({ unknown, known }, 'settings of health name checks that do not exist');
  }

  [Symbol.dispose](): void {
    this.#running = false;
    this.#followed?.[Symbol.dispose]();
    this.#listeners.clear();
    for (const runner of this.#runners.values()) runner[Symbol.dispose]();
  }

  #statusOf(group: string): HealthStatus {
    let worst: HealthStatus = isProbe(group) ? this.#own(group) : 'UP';
    for (const { plan, last } of this.#runners.values()) {
      if (countsFor(plan, group)) worst = worstOf([worst, last?.status ?? 'UNKNOWN']);
    }
    return worst;
  }

  #describeOwn(group: ProbeGroup = 'readiness'): ComponentHealth {
    const sinceMs = this.#history.lastOf(applicationName)?.atMs;
    return { status: this.#own(group), ...(sinceMs !== undefined && { sinceMs }), groups: ['readiness', 'startup'] };
  }

  #describe({ indicator, plan, last }: CheckRunner): ComponentHealth {
    const { groups, optional } = plan;
    const facts = { groups, ...(optional && { optional: true as const }) };
    if (!last) return { status: 'UNKNOWN', ...facts };
    const { status, details, durationMs, atMs } = last;
    return {
      status,
      ...(details && { details }),
      ...defined({ sinceMs: this.#history.lastOf(indicator.name)?.atMs }),
      ageMs: roundedMs(this.#env.clock.now() - atMs),
      durationMs: roundedMs(durationMs),
      ...facts,
    };
  }

  /** Unknown is the beginning: only what then turns out not to be UP is news. */
  #found(name: string, result: CheckResult, before: CheckResult | undefined): void {
    const previous = before?.status ?? 'UNKNOWN';
    this.#remember(name, previous, result.status, causeOf(result.details));
    if (result.status === previous) return;
    if (this.#announcing && !(previous === 'UNKNOWN' && result.status === 'UP')) this.#announce(name, result, previous);
    this.#tell();
  }

  #remember(name: string, previous: HealthStatus, status: HealthStatus, cause: string | undefined): void {
    if (previous === status) return;
    this.#history.add({ atMs: this.#env.clock.wallTime(), name, previous, status, cause });
  }

  #announce(name: string, { status, details }: CheckResult, previous: HealthStatus): void {
    this.#env.events.emit('health.changed', { name, status, previous, details: details ?? {} });
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        warnOfListener(error, 'health');
      }
    }
  }

  /** Nobody waits for the rest: their results count when they come. */
  async #look(runs: readonly Promise<void>[]): Promise<void> {
    await settleWithin(Promise.all(runs), { clock: this.#env.clock, limitMs: firstLookMs, late: () => undefined });
  }
}

function isProbe(group: string): group is ProbeGroup {
  return (probeGroups as readonly string[]).includes(group);
}
