/**
 * The layers that options ask for, in canonical order: made once for a policy that stays as it is, or kept and tuned for
 * one that follows configuration.
 *
 * Followed options are handed to their layers as live values, so a changed number reaches a layer without rebuilding it.
 * A layer is made anew only when an option changes that gives its state its meaning (the length of a breaker's window,
 * say); all others keep their windows, places and budgets.
 */
import { isDeepStrictEqual } from 'node:util';
import { isLive, type LiveSource, liveValue } from '@fwk/kernel';
import type { FunctionLayer } from '../layer/function-layer.js';
import { canonicalOrder, optionsOf, type PolicyKit, type PolicyPart } from './canonical-order.js';
import { contradictions } from './contradictions.js';
import { collect, type PolicyOptions } from './policy-options.js';

/** A layer where it stands. */
export interface PlacedLayer {
  readonly layer: FunctionLayer;
  /** Whether it keeps anything from call to call. */
  readonly stateful: boolean;
}

/**
 * Makes the layers that options ask for, outermost first.
 * @param problems - takes what is refused, contradictions between layers included; the answer is then incomplete.
 */
export function makeLayers(options: PolicyOptions, kit: PolicyKit, problems: string[]): readonly PlacedLayer[] {
  const placed: PlacedLayer[] = [];
  for (const part of canonicalOrder) {
    const given = optionsOf(part, options);
    if (given === undefined) continue;
    collect(problems, part.field, () => placed.push(...place(part, part.make(given, kit))));
  }
  problems.push(...contradictions(options));
  return placed;
}

function place({ stateful }: PolicyPart, layers: readonly FunctionLayer[]): readonly PlacedLayer[] {
  return layers.map((layer) => ({ layer, stateful }));
}

interface Kept {
  readonly placed: readonly PlacedLayer[];
  /** Options that cannot change without losing the state. */
  readonly fixed: object;
  readonly tuned: ReadonlyMap<string, LiveSource<unknown>>;
}

/** The layers of one policy that follows its options. */
export class FollowingLayers {
  readonly #kit: PolicyKit;
  readonly #kept = new Map<PolicyPart, Kept>();

  constructor(kit: PolicyKit) {
    this.#kit = kit;
  }

  /** Makes the layers follow options that have been checked before; what need not be made anew stays the same object. */
  follow(options: PolicyOptions): readonly PlacedLayer[] {
    return canonicalOrder.flatMap((part) => {
      const given = optionsOf(part, options);
      if (given === undefined) {
        this.#kept.delete(part);
        return [];
      }
      const { fixed, tunable } = split(part, given);
      const known = this.#kept.get(part);
      const kept = known && isDeepStrictEqual(known.fixed, fixed) ? known : this.#make(part, fixed, tunable);
      for (const [name, value] of tunable) kept.tuned.get(name)?.set(value);
      this.#kept.set(part, kept);
      return kept.placed;
    });
  }

  #make(part: PolicyPart, fixed: object, tunable: ReadonlyMap<string, unknown>): Kept {
    const tuned = new Map([...tunable].map(([name, value]) => [name, liveValue(value, { name })]));
    return { placed: place(part, part.make({ ...fixed, ...Object.fromEntries(tuned) }, this.#kit)), fixed, tuned };
  }
}

/** Which options may change under the layer, given or not, and which not. A value that is live already stays what it is. */
function split({ defaults, tunable }: PolicyPart, given: object) {
  const values = new Map<string, unknown>(Object.entries(given).filter(([, value]) => value !== undefined));
  const changeable = new Map<string, unknown>();
  for (const name of tunable) {
    const value = values.get(name) ?? Reflect.get(defaults, name);
    if (isLive(value)) continue;
    changeable.set(name, value);
    values.delete(name);
  }
  return { fixed: Object.fromEntries(values), tunable: changeable };
}
