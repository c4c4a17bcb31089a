/**
 * Flags whose variants are options of a policy. Whoever follows the policy asks such a flag for each call, and says how the call ended.
 */
import type { CallContext, Live, Outcome, PolicyFlag, PolicyFlags } from '@fwk/kernel';
import type { FlagSet } from './compiled-flag.js';
import type { FlagAnswer } from './flag-answer.js';
import { type FlagContext, flagContextKey } from './flag-context.js';
import type { FlagDefinition } from './flag-definition.js';

/** What such flags are answered and counted by. */
export interface FlagDesk {
  /** @param call - that asks. */
  evaluate(call: CallContext, flag: string, context: FlagContext): FlagAnswer<undefined>;
  count(flag: string, variant: string, outcome: Outcome, tookMs: number): void;
}

type Variants = NonNullable<FlagDefinition['variants']>;

/** Why variants were refused, by flag. */
type Refusals = Map<string, { readonly variants: Variants; readonly problems: readonly string[] }>;

/** See the head of this file. */
export class FlagsOfPolicies implements PolicyFlags {
  readonly #sets: Live<FlagSet>;
  readonly #desk: FlagDesk;
  readonly #refusals: Refusals = new Map();

  constructor(sets: Live<FlagSet>, desk: FlagDesk) {
    this.#sets = sets;
    this.#desk = desk;
  }

  ofPolicy(policy: string): Live<PolicyFlag | undefined> {
    let last: FollowedFlag | undefined;
    return this.#sets.map((set) => {
      const found = [...set.values()].find(({ definition }) => definition.policy === policy);
      // What an edit leaves alone keeps its identity: a changed roll-out is no change of the options.
      if (last?.flag === found?.name && last?.options === found?.variants) return last;
      last = found && new FollowedFlag(found.name, found.variants, this.#desk, this.#refusals);
      return last;
    });
  }

  /** Why a policy does not take the variants of a flag; undefined where none has refused them as they are now. */
  refusalOf(flag: string): readonly string[] | undefined {
    const refusal = this.#refusals.get(flag);
    return refusal && this.#sets.value.get(flag)?.variants === refusal.variants ? refusal.problems : undefined;
  }
}

class FollowedFlag implements PolicyFlag {
  readonly flag: string;
  readonly options: Variants;
  readonly #desk: FlagDesk;
  readonly #refusals: Refusals;

  constructor(flag: string, options: Variants, desk: FlagDesk, refusals: Refusals) {
    this.flag = flag;
    this.options = options;
    this.#desk = desk;
    this.#refusals = refusals;
  }

  variantFor(context: CallContext, key: string | undefined): string | undefined {
    const given = context.get(flagContextKey);
    const known = given.key === undefined && key !== undefined ? { ...given, key } : given;
    return this.#desk.evaluate(context, this.flag, known).variant;
  }

  ended(variant: string, outcome: Outcome, tookMs: number): void {
    this.#desk.count(this.flag, variant, outcome, tookMs);
  }

  refused(problems: readonly string[]): void {
    if (problems.length === 0) this.#refusals.delete(this.flag);
    else this.#refusals.set(this.flag, { variants: this.options, problems });
  }
}
