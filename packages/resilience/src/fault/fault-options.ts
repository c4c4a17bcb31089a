import {
  type CallContext,
  callable,
  checkOptions,
  fixed,
  flag,
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
  const { error, abort, latencyMs } = settings;
  if (error !== false && abort) {
    throw new OptionsError('faultInjection', ['error and abort exclude each other: a call is either sent or not']);
  }
  if (error === false && !abort && latencyMs === 0) {
    throw new OptionsError('faultInjection', ['one of latencyMs, error and abort must say what to inject']);
  }
  return settings;
}
