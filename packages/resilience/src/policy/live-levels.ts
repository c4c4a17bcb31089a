/**
 * The live values in the options of a policy. Each new value must pass the same check as the first one. If the policy would be
 * refused with it, the last value stays in force for all readers: the layers, the list of settings, and the check of a changed
 * configuration.
 */
import { GuardedLive, judgedTogether, type Live, liveValue, OptionGroup, OptionsError } from '@fwk/kernel';
import { isPlain } from '../layer/plain.js';
import { canonicalOrder } from '../order/canonical-order.js';
import type { OptionsLevel } from './merge-options.js';
import type { PolicyOptions } from './policy-options.js';

/** See the head of this file. */
export class LiveLevels {
  readonly #check: (levels: readonly OptionsLevel[]) => void;
  readonly #group = new OptionGroup((heldBy) => this.#problems(heldBy));
  /** The policy's own guard of each live value that was given. */
  #own: ReadonlyMap<GuardedLive<unknown>, GuardedLive<unknown>> = new Map();
  #given: readonly OptionsLevel[] = [];

  /** @param check - throws an OptionsError for what contradicts itself. */
  constructor(check: (levels: readonly OptionsLevel[]) => void) {
    this.#check = check;
  }

  /**
   * Takes levels that have passed the check in the form that {@link inForce} returns.
   * @param given - with live values guarded; see `guardLive`.
   * @returns the levels with the policy's own guards for live values; a live value that it knows keeps the value in force
   */
  take(given: readonly OptionsLevel[]): readonly OptionsLevel[] {
    const own = new Map<GuardedLive<unknown>, GuardedLive<unknown>>();
    const taken = replaceLive(given, (live) => {
      const guard = this.#own.get(live) ?? judgedTogether(new GuardedLive(live, live.rule, live.name, this.#group));
      own.set(live, guard);
      return guard;
    });
    this.#given = given;
    this.#own = own;
    this.#group.setMembers([...own.values()]);
    return taken;
  }

  /** The levels for a check: each live value holds what is in force, and never changes. */
  inForce(given: readonly OptionsLevel[]): readonly OptionsLevel[] {
    return replaceLive(given, (live) => liveValue((this.#own.get(live) ?? live).value));
  }

  #problems(heldBy: (member: GuardedLive<unknown>) => unknown): readonly string[] {
    try {
      this.#check(replaceLive(this.#given, (live) => liveValue(heldBy(this.#own.get(live) ?? live))));
      return [];
    } catch (error) {
      if (error instanceof OptionsError) return error.problems;
      throw error;
    }
  }
}

type Replace = (live: GuardedLive<unknown>) => Live<unknown>;

function replaceLive(levels: readonly OptionsLevel[], replace: Replace): readonly OptionsLevel[] {
  return levels.map(({ from, options }) => ({ from, options: inPolicy(options, replace) }));
}

function inPolicy(options: PolicyOptions, replace: Replace): PolicyOptions {
  if (!isPlain(options)) return options;
  const replaced: PolicyOptions = inObject(options, replace, (field, value) =>
    isPlain(value) && withOptions.has(field) ? inObject(value, replace) : value,
  );
  if (!isPlain(replaced.operations)) return replaced;
  const operations = Object.entries(replaced.operations).map(([name, own]) => [name, inPolicy(own, replace)] as const);
  return { ...replaced, operations: Object.fromEntries(operations) };
}

function inObject(
  options: object,
  replace: Replace,
  other: (field: string, value: unknown) => unknown = (_, value) => value,
): object {
  return Object.fromEntries(
    Object.entries(options).map(([field, value]) => [
      field,
      value instanceof GuardedLive ? replace(value) : other(field, value),
    ]),
  );
}

/** Fields that hold the options of a layer. */
const withOptions: ReadonlySet<string> = new Set(
  canonicalOrder.filter(({ single }) => single === undefined).map(({ field }) => field),
);
