/**
 * How feature flags choose the options of policies. Who has flags provides this, who builds what a policy stands before asks it,
 * and neither package knows the other.
 */
import { type Token, token } from '../component/token.js';
import type { CallContext } from '../context/call-context.js';
import type { Live } from '../live/live.js';
import type { Outcome } from '../service/classifier.js';

/** The flags of an application, as policies see them. */
export interface PolicyFlags {
  /** The flag whose variants are options of this policy, as definitions change; undefined while none is. */
  ofPolicy(policy: string): Live<PolicyFlag | undefined>;
}

/** A flag whose variants are options of a policy. */
export interface PolicyFlag {
  readonly flag: string;
  /** By variant the options that lie over the policy: plain data that nobody has checked yet. */
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * The variant that a call has. Told as an exposure, like every answer of a flag.
   * @param key - whom the call belongs to, where its context has no key for flags.
   * @returns undefined where the flag has no variant for it, so that the policy is as it is without the flag
   */
  variantFor(context: CallContext, key: string | undefined): string | undefined;
  /** Counts a call that has ended, for the comparison of the variants. @param tookMs - the whole call, retries included. */
  ended(variant: string, outcome: Outcome, tookMs: number): void;
  /** Says why the policy cannot take the variants, so that no call has one; empty once it can. */
  refused(problems: readonly string[]): void;
}

/** The flags that choose options of policies; whoever brings flags into an application provides it. */
export const policyFlagsToken: Token<PolicyFlags> = token('flags of policies');
