/**
 * The layers that options ask for, each at its place in the canonical order: made once for a policy that stays as it is, or
 * kept and tuned for one that follows configuration.
 *
 * Followed options are handed to their layers as live values, so a changed number reaches a layer without rebuilding it.
 * A layer is made anew only when an option changes that gives its state its meaning (the length of a breaker's window,
 * say); all others keep their windows, places and budgets.
 *
 * An operation whose options of a layer differ from the policy's has a layer of its own there; all others share one.
 */
import { type AnyLayer, isLive, judgedTogether, type LiveSource, liveValue } from '@fwk/kernel';
import type { PolicyKit, PolicyPart } from '../layer/policy-part.js';
import { canonicalOrder } from '../order/canonical-order.js';
import { mergeOptions } from './merge-options.js';
import type { PolicyKind } from './policy-kind.js';
import type { PolicyLevels } from './policy-levels.js';
import type { PolicyOptions } from './policy-options.js';
import { sameOptions } from './same-options.js';

/** What stands at one place of the order. */
export interface Place {
  /** For all operations that have no layers of their own here; outermost first. */
  readonly usual: readonly AnyLayer[];
  readonly byOperation: ReadonlyMap<string, readonly AnyLayer[]>;
}

/** The places at which something stands. */
export type Places = ReadonlyMap<PolicyPart, Place>;

/** Makes the kit for the layers of one operation, or of the whole policy. */
export type KitOf = (operation: string | undefined) => PolicyKit;

/** Makes layers anew. */
export function makePlaces(kind: PolicyKind, levels: PolicyLevels, kitOf: KitOf): Places {
  return placesOf(levels, (part, options, operation) =>
    options === undefined ? [] : makeLayers(kind, part, options, kitOf(operation)),
  );
}

/** The layers of one policy that follows its options. */
export class FollowingPlaces {
  readonly #kind: PolicyKind;
  readonly #kitOf: KitOf;
  readonly #kept = new Map<PolicyPart, Map<string | undefined, Kept>>();
  #places: Places = new Map();

  constructor(kind: PolicyKind, kitOf: KitOf) {
    this.#kind = kind;
    this.#kitOf = kitOf;
  }

  /** Makes the layers follow options that have been checked before; where nothing is made anew a place stays the same object. */
  follow(levels: PolicyLevels): Places {
    const before = this.#places;
    const after = new Map(placesOf(levels, (part, options, operation) => this.#layers(part, options, operation)));
    for (const [part, place] of after) {
      const known = before.get(part);
      if (known && isSame(known, place)) after.set(part, known);
    }
    // An operation that has no options of its own any more loses its layers, with their state.
    for (const kept of this.#kept.values()) {
      for (const name of kept.keys()) if (name !== undefined && !levels.byOperation.has(name)) kept.delete(name);
    }
    this.#places = after;
    return after;
  }

  #layers(part: PolicyPart, given: object | undefined, operation: string | undefined): readonly AnyLayer[] {
    const ofPart = this.#kept.get(part) ?? new Map<string | undefined, Kept>();
    this.#kept.set(part, ofPart);
    if (given === undefined) {
      ofPart.delete(operation);
      return [];
    }
    const { fixed, tunable } = split(part, given);
    const known = ofPart.get(operation);
    const kept = known && sameOptions(known.fixed, fixed) ? known : this.#make(part, fixed, tunable, operation);
    for (const [name, value] of tunable) kept.tuned.get(name)?.set(value);
    ofPart.set(operation, kept);
    return kept.layers;
  }

  #make(part: PolicyPart, fixed: object, tunable: ReadonlyMap<string, unknown>, operation: string | undefined): Kept {
    const tuned = new Map([...tunable].map(([name, value]) => [name, judgedTogether(liveValue(value, { name }))]));
    const options = { ...fixed, ...Object.fromEntries(tuned) };
    return { layers: makeLayers(this.#kind, part, options, this.#kitOf(operation)), fixed, tuned };
  }
}

interface Kept {
  readonly layers: readonly AnyLayer[];
  /** Options that cannot change without losing the state. */
  readonly fixed: object;
  readonly tuned: ReadonlyMap<string, LiveSource<unknown>>;
}

type MakeAt = (part: PolicyPart, options: object | undefined, operation: string | undefined) => readonly AnyLayer[];

function placesOf({ whole, byOperation }: PolicyLevels, make: MakeAt): Places {
  const options = mergeOptions(whole);
  const ofOperations = [...byOperation].map(([name, levels]) => [name, mergeOptions(levels)] as const);
  const places = new Map<PolicyPart, Place>();
  for (const part of canonicalOrder) {
    const usual = part.optionsIn(options);
    const layers = make(part, usual, undefined);
    const own = new Map<string, readonly AnyLayer[]>();
    for (const [name, merged] of ofOperations) {
      const given = part.optionsIn(merged);
      if (sameOptions(given, usual)) make(part, undefined, name);
      else own.set(name, make(part, given, name));
    }
    if (layers.length > 0 || own.size > 0) places.set(part, { usual: layers, byOperation: own });
  }
  return places;
}

function makeLayers({ make }: PolicyKind, part: PolicyPart, options: object, kit: PolicyKit): readonly AnyLayer[] {
  const ownWay = make?.[part.field as keyof PolicyOptions];
  return ownWay ? [ownWay(options, kit)].flat() : part.make(options, kit);
}

function isSame(one: Place, other: Place): boolean {
  const same = (these: readonly unknown[] | undefined, those: readonly unknown[]) =>
    these?.length === those.length && those.every((layer, index) => layer === these[index]);
  return (
    same(one.usual, other.usual) &&
    one.byOperation.size === other.byOperation.size &&
    [...other.byOperation].every(([name, layers]) => same(one.byOperation.get(name), layers))
  );
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
