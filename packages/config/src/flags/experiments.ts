/**
 * Experiments: flags whose variants are compared. What runs under a variant is counted and timed, and an experiment's own metrics are
 * recorded for the variant that their context has. Kept in the process, from the last change of the flag's definition on; bounded by the
 * variants and metrics that are defined.
 */
import { currentContext, type Env, isThenable, judgeError, judgeResult, type Outcome } from '@fwk/kernel';
import type { CompiledFlag, FlagSet } from './compiled-flag.js';
import type { FlagDefinition } from './flag-definition.js';
import { type Difference, errorDifference, meanDifference, newTally, type Tally } from './tally.js';

/** One variant of an experiment. */
export interface VariantReport {
  readonly variant: string;
  readonly calls: number;
  readonly errors: number;
  /** 0 to 1; undefined before the first call. */
  readonly errorRatio: number | undefined;
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | undefined;
  readonly metrics: Readonly<
    Record<string, { readonly count: number; readonly mean: number; readonly deviation: number }>
  >;
  /** Undefined for the control itself; parts are left out while there are too few samples. */
  readonly versusControl:
    | {
        readonly errorRatio: Difference | undefined;
        /** p95 by the control's p95. */
        readonly p95Ratio: number | undefined;
        readonly metrics: Readonly<Record<string, Difference>>;
      }
    | undefined;
}

/** One experiment. */
export interface ExperimentReport {
  readonly flag: string;
  readonly description: string | undefined;
  /** The variant that the others are compared with. */
  readonly control: string | undefined;
  /** Since when it is measured, as in ISO 8601. */
  readonly since: string;
  readonly variants: readonly VariantReport[];
}

interface Experiment {
  readonly definition: FlagDefinition;
  readonly sinceMs: number;
  readonly tallies: ReadonlyMap<string, Tally>;
}

/** What is measured of all experiments. */
export class Experiments {
  #experiments = new Map<string, Experiment>();

  /** Begins those that are new or changed, and forgets those that are no more. */
  follow(flags: FlagSet, nowMs: number): void {
    const next = new Map<string, Experiment>();
    for (const { name, definition, variants } of flags.values()) {
      if (!definition.experiment) continue;
      const known = this.#experiments.get(name);
      const metrics = definition.experiment.metrics ?? [];
      const begin = () => ({
        definition,
        sinceMs: nowMs,
        tallies: new Map(Object.keys(variants).map((variant) => [variant, newTally(metrics)])),
      });
      next.set(name, known?.definition === definition ? known : begin());
    }
    this.#experiments = next;
  }

  /** Runs the body and measures it, where the flag is an experiment and has the variant. */
  measured<R>(flag: string, variant: string | undefined, env: Env, body: () => R): R {
    const tally = variant === undefined ? undefined : this.#experiments.get(flag)?.tallies.get(variant);
    return tally ? measure(tally, env, body) : body();
  }

  /** Counts a run that somebody else has measured, where the flag is an experiment and has the variant. */
  count(flag: string, variant: string, outcome: Outcome, tookMs: number): void {
    const tally = this.#experiments.get(flag)?.tallies.get(variant);
    if (tally) count(tally, outcome, tookMs);
  }

  /** Adds a value to the metric of each experiment that has it. @param variantOf - what the context has. */
  record(metric: string, value: number, variantOf: (flag: string) => string | undefined): void {
    if (!Number.isFinite(value)) return;
    for (const [flag, { definition, tallies }] of this.#experiments) {
      if (!definition.experiment?.metrics?.includes(metric)) continue;
      const variant = variantOf(flag);
      if (variant !== undefined) tallies.get(variant)?.metrics.get(metric)?.add(value);
    }
  }

  report(flags: FlagSet): readonly ExperimentReport[] {
    return [...this.#experiments].flatMap(([name, experiment]) => {
      const flag = flags.get(name);
      return flag ? [reportOf(flag, experiment)] : [];
    });
  }
}

function count(tally: Tally, outcome: Outcome, tookMs: number): void {
  // What the caller gave up on says nothing about the variant.
  if (outcome === 'ignored') return;
  tally.calls++;
  if (outcome === 'failure') tally.errors++;
  tally.latency.record(tookMs);
}

function measure<R>(tally: Tally, env: Env, body: () => R): R {
  const context = currentContext();
  const startMs = env.clock.now();
  const ended = (outcome: Outcome) => count(tally, outcome, env.clock.now() - startMs);
  const failed = (error: unknown) => ended(judgeError(env, error, context, undefined).outcome);
  const answered = (answer: unknown) => ended(judgeResult(env, answer, context, undefined).outcome);
  let answer: R;
  try {
    answer = body();
  } catch (error) {
    failed(error);
    throw error;
  }
  if (answer instanceof Promise) answer.then(answered, failed);
  else if (!isThenable(answer)) answered(answer);
  return answer;
}

function reportOf({ name }: CompiledFlag, { definition, sinceMs, tallies }: Experiment): ExperimentReport {
  const control = definition.experiment?.control ?? definition.default ?? undefined;
  const base = control === undefined ? undefined : tallies.get(control);
  return {
    flag: name,
    description: definition.description,
    control,
    since: new Date(sinceMs).toISOString(),
    variants: [...tallies].map(([variant, tally]) =>
      variantReport(variant, tally, variant === control ? undefined : base),
    ),
  };
}

function variantReport(variant: string, tally: Tally, control: Tally | undefined): VariantReport {
  const { calls, errors, latency } = tally;
  const at = (q: number) => latency.quantile(q) ?? 0;
  return {
    variant,
    calls,
    errors,
    errorRatio: calls === 0 ? undefined : errors / calls,
    latencyMs: latency.count === 0 ? undefined : { p50: at(0.5), p95: at(0.95), p99: at(0.99) },
    metrics: Object.fromEntries(
      [...tally.metrics].map(([name, { count, mean, variance }]) => [
        name,
        { count, mean, deviation: Math.sqrt(variance) },
      ]),
    ),
    versusControl: control && versus(tally, control),
  };
}

function versus(tally: Tally, control: Tally): VariantReport['versusControl'] {
  const [own, usual] = [tally.latency.quantile(0.95), control.latency.quantile(0.95)];
  const metrics: [string, Difference][] = [];
  for (const [name, moments] of tally.metrics) {
    const other = control.metrics.get(name);
    const difference = other && meanDifference(moments, other);
    if (difference) metrics.push([name, difference]);
  }
  return {
    errorRatio: errorDifference(tally, control),
    p95Ratio: own === undefined || !usual ? undefined : own / usual,
    metrics: Object.fromEntries(metrics),
  };
}
