import {
  anything,
  checkOptions,
  flag,
  isLive,
  type Live,
  millisecondsIn,
  OptionsError,
  type Resolver,
  type Rule,
  ratio,
} from '@fwk/kernel';
import { type TraceExportOptions, traceExportDefaults, traceExportRules } from './otlp/export-options.js';
import type { TraceRecorder } from './trace-recorder.js';

/** Which traces are kept. All may change while the program runs. */
export interface TraceSampling {
  /**
   * Share of the traces begun here that is recorded from the start, 0 to 1. A caller's word that its trace is recorded holds
   * here too. @defaultValue 0.1
   */
  readonly ratio: number | Live<number>;
  /** Whether a trace in which anything failed is kept in any case. @defaultValue true */
  readonly errors: boolean | Live<boolean>;
  /** A trace that took this long is kept in any case, 1 to 2^31 − 1 milliseconds; Infinity for none. @defaultValue 1000 */
  readonly slowMs: number | Live<number>;
}

/** Defaults of {@link TraceSampling}. */
export const traceSamplingDefaults: Readonly<TraceSampling> = Object.freeze({ ratio: 0.1, errors: true, slowMs: 1000 });

/** Rules of {@link TraceSampling}. */
export const traceSamplingRules: Readonly<Record<keyof TraceSampling, Rule>> = Object.freeze({
  ratio,
  errors: flag,
  slowMs: millisecondsIn(1, Number.POSITIVE_INFINITY),
});

/** Which traces are kept: options of which each may be live, or a live value of all. */
export type TraceSamplingOption = Partial<TraceSampling> | Live<unknown>;

/** How an application traces. */
export interface TracingOptions {
  /**
   * Which traces are kept; or a function that finds this once the components have started, such as
   * `(resolver) => resolver.get(configToken).get('tracing')`. @defaultValue {@link traceSamplingDefaults}
   */
  readonly sampling?: TraceSamplingOption | ((resolver: Resolver) => TraceSamplingOption);
  /**
   * Where kept traces are sent. Not used where the application has a tracer provider of OpenTelemetry, which exports them.
   * @defaultValue nowhere
   */
  readonly export?: (Partial<TraceExportOptions> & Pick<TraceExportOptions, 'url'>) | undefined;
}

/** Defaults of {@link TracingOptions}. */
export const tracingDefaults = Object.freeze({ sampling: traceSamplingDefaults, export: undefined });

/** Tracing options with everything checked that is known before the start. */
export interface CheckedTracing {
  readonly sampling: TraceSamplingOption | ((resolver: Resolver) => TraceSamplingOption);
  readonly export: TraceExportOptions | undefined;
}

/** @throws OptionsError */
export function checkTracing(options: TracingOptions | undefined): CheckedTracing {
  const checked = checkOptions<Required<TracingOptions>>('createApp tracing', options, tracingDefaults, {
    sampling: anything,
    export: anything,
  });
  if (typeof checked.sampling !== 'function')
    checkSampling(isLive(checked.sampling) ? checked.sampling.value : checked.sampling);
  return {
    sampling: checked.sampling,
    export:
      checked.export &&
      checkOptions<TraceExportOptions>(
        'createApp tracing export',
        checked.export,
        traceExportDefaults,
        traceExportRules,
      ),
  };
}

function checkSampling(given: unknown): TraceSampling {
  return checkOptions<TraceSampling>(
    'createApp tracing sampling',
    (given ?? {}) as Partial<TraceSampling>,
    traceSamplingDefaults,
    traceSamplingRules,
  );
}

/**
 * Has a recorder keep what the option says, and follows it where it is live. Of a live value the last valid one stays.
 * @param refused - is told of a later value that is refused.
 * @returns ends the following.
 * @throws OptionsError for what is wrong at once.
 */
export function followSampling(
  recorder: TraceRecorder,
  option: TraceSamplingOption,
  refused: (error: OptionsError) => void,
): Disposable {
  if (!isLive(option)) {
    recorder.sampling = checkSampling(option);
    return { [Symbol.dispose]() {} };
  }
  recorder.sampling = checkSampling(option.value);
  return option.subscribe((next) => {
    try {
      recorder.sampling = checkSampling(next);
    } catch (error) {
      if (!(error instanceof OptionsError)) throw error;
      refused(error);
    }
  });
}
