/** Settings of every application that may change while it runs. */
import type { Tunable, TunableTable } from '@fwk/kernel';
import { type ConfiguredLevels, levelsRule } from './logging/logger-levels.js';
import { type TraceSampling, traceSamplingDefaults, traceSamplingRules } from './tracing/tracing-options.js';

/** See the head of this file; docs/tunables.md lists them. */
export const coreTunables = Object.freeze({
  logLevels: {
    path: 'logging.levels',
    defaultValue: Object.freeze({}) as ConfiguredLevels,
    rule: levelsRule,
    summary:
      'Levels by the names of loggers, `root` for all others. Not followed where `createApp` was given `logging.levels`.',
  } satisfies Tunable<ConfiguredLevels>,
  sampledRatio: {
    path: 'tracing.ratio',
    defaultValue: traceSamplingDefaults.ratio,
    rule: traceSamplingRules.ratio,
    summary:
      'Share of the traces begun here that is recorded from the start. This and the next two are not followed where `createApp` was given `tracing.sampling`.',
  } satisfies Tunable<TraceSampling['ratio']>,
  keptErrors: {
    path: 'tracing.errors',
    defaultValue: traceSamplingDefaults.errors,
    rule: traceSamplingRules.errors,
    summary: 'Whether a trace in which anything failed is kept in any case.',
  } satisfies Tunable<TraceSampling['errors']>,
  keptSlowMs: {
    path: 'tracing.slowMs',
    defaultValue: traceSamplingDefaults.slowMs,
    rule: traceSamplingRules.slowMs,
    summary: 'A trace that took this long is kept in any case.',
  } satisfies Tunable<TraceSampling['slowMs']>,
}) satisfies TunableTable;
