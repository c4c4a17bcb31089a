import { checkOptions, type Rule } from '@fwk/kernel';

/** When a call goes on to the next provider; see `alternatives` of a client. */
export interface FailoverOptions {
  /**
   * Operations that go on also when the provider before may have done the work, beside those that only read (GET, and POST that the
   * contract calls idempotent). All others go on only when nothing was done: an idempotency key says nothing to another
   * provider, so both might do it. @defaultValue none
   */
  readonly repeat: readonly string[];
}

/** Defaults of {@link FailoverOptions}. */
export const failoverDefaults = Object.freeze({
  repeat: Object.freeze([]) as readonly string[],
}) satisfies FailoverOptions;

const names: Rule = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === 'string') ? undefined : 'a list of names of operations';

/** Rules of {@link FailoverOptions}. */
export const failoverRules = Object.freeze({ repeat: names });

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkFailover(options: Partial<FailoverOptions>): Readonly<FailoverOptions> {
  return checkOptions<FailoverOptions>('failover', options, failoverDefaults, failoverRules);
}
