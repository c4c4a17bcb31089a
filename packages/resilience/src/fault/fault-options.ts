import {
  type CallContext,
  callable,
  checkOptions,
  fixed,
  flag,
  isLive,
  type Live,
  millisecondsIn,
  OptionsError,
  optional,
  type Rule,
  ratio,
} from '@fwk/kernel';

/** Options of fault injection. */
export interface FaultOptions {
  /** Whether anything is injected. @defaultValue false */
  readonly enabled?: boolean | Live<boolean> | undefined;
  /** Share of the matching calls that meet the fault, 0 to 1. */
  readonly ratio: number | Live<number>;
  /**
   * Time that a call waits first, or with `abort` until it is cut off, 0 to 2^31 − 1 milliseconds. @defaultValue 0
   */
  readonly latencyMs?: number | Live<number> | undefined;
  /** Fails the call instead of sending it: with a FaultInjectedError, or with what the function makes. @defaultValue false */
  readonly error?: boolean | (() => unknown) | undefined;
  /**
   * Answers instead of sending the call: with this value, or with what the function makes of the request (of a wrapped
   * function the list of its arguments) and the context. @defaultValue undefined: nothing is faked
   */
  readonly result?: unknown;
  /**
   * Sends the call and cuts it off, like a connection that breaks: it is cancelled below, and its caller cannot know
   * whether it was done. @defaultValue false
   */
  readonly abort?: boolean | undefined;
  /**
   * Chooses calls by the request; of a wrapped function that is the list of its arguments. @defaultValue undefined: all
   */
  readonly match?: ((request: never, context: CallContext) => boolean) | undefined;
}

/** Defaults of fault injection: off. */
export const faultDefaults = Object.freeze({
  enabled: false,
  latencyMs: 0,
  error: false,
  result: undefined,
  abort: false,
  match: undefined,
}) satisfies Partial<FaultOptions>;

const errorRule: Rule = (value) =>
  typeof value === 'boolean' || typeof value === 'function'
    ? undefined
    : 'true, false or a function that makes an error';

/** Rules of {@link FaultOptions}. */
export const faultRules = Object.freeze({
  enabled: flag,
  ratio,
  latencyMs: millisecondsIn(0),
  error: fixed(errorRule),
  result: fixed((value) => (isLive(value) ? 'a value, or a function that makes one' : undefined)),
  abort: fixed(flag),
  match: fixed(optional(callable)),
});

/** The options with their defaults filled in. */
export interface FaultSettings extends FaultOptions {
  readonly enabled: boolean | Live<boolean>;
  readonly latencyMs: number | Live<number>;
  readonly error: boolean | (() => unknown);
  readonly abort: boolean;
}

/**
 * Checks the options.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, also when there is no fault to inject or two that exclude each other
 */
export function checkFaultOptions(options: FaultOptions): Readonly<FaultSettings> {
  const settings = checkOptions<FaultSettings>(
    'faultInjection',
    options as Partial<FaultSettings>,
    faultDefaults,
    faultRules,
  );
  const { error, result, abort, latencyMs } = settings;
  const ends = { error: error !== false, result: result !== undefined, abort };
  const given = Object.entries(ends).flatMap(([name, is]) => (is ? [name] : []));
  if (given.length > 1) {
    throw new OptionsError('faultInjection', [`${given.join(' and ')} exclude each other: a call ends in one way`]);
  }
  if (given.length === 0 && latencyMs === 0) {
    throw new OptionsError('faultInjection', ['one of latencyMs, error, result and abort must say what to inject']);
  }
  return settings;
}
