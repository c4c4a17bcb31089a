/**
 * Options of a policy that are no layer's. They belong to what the policy stands before: a client has a balancer, say, and a
 * function has none. The package that brings the kind describes them here, once, when it is loaded. From then on they are
 * options like all others: merged by levels, checked whole, live, listed with their origin, and known in configuration also
 * while nothing of that kind is in use.
 */
import { OptionsError, type Rule } from '@fwk/kernel';
import { canonicalOrder } from '../order/canonical-order.js';

/** Types of these options. Packages that bring some add them here by declaration merging. */
// biome-ignore lint/suspicious/noEmptyInterface: other packages fill it
export interface KindOptions {}

/** The same as plain data, as in configuration. */
// biome-ignore lint/suspicious/noEmptyInterface: other packages fill it
export interface KindSettings {}

/** One such option. */
export interface KindField {
  /** Its name among the options of a policy. */
  readonly name: string;
  /** The package that brings it. Several copies of one package in a process may each bring it. */
  readonly owner: string;
  /** What it must be at any level. A `fixed` rule refuses live values. */
  readonly rule: Rule;
  /** Checks what all levels come to; of a live value, what it holds. @throws OptionsError @defaultValue the rule alone */
  check?(value: unknown): void;
  /** How a level lies over those below it. @defaultValue plain objects member by member, all else as a whole */
  merge?(over: unknown, under: unknown): unknown;
  /** What members that nobody gives come to; they are shown among the settings. @defaultValue none */
  readonly defaults?: object;
  /** What each of its members must be, for the page of all tunables; `check` is what counts. @defaultValue none */
  readonly rules?: Readonly<Record<string, Rule>>;
  /** The interface that documents its members. @defaultValue none */
  readonly optionsType?: string;
  /** What people are shown instead of the value. @defaultValue the value */
  show?(value: unknown): unknown;
  /** True where configuration may give it lists and null as well. @defaultValue false */
  readonly anyData?: boolean;
}

const fields = new Map<string, KindField>();

/**
 * Makes an option known.
 * @returns the option, to be listed by its kinds
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` when something else has the name
 */
export function kindField(field: KindField): KindField {
  const { name, owner } = field;
  const holder = holderOf(name);
  if (holder !== undefined && holder !== owner) {
    throw new OptionsError('kindField', [`name must be new, and "${name}" is an option of ${holder} already`]);
  }
  fields.set(name, field);
  return field;
}

/** Who has an option of this name. */
function holderOf(name: string): string | undefined {
  const isLayers =
    name === 'classifier' || name === 'operations' || canonicalOrder.some((part) => hasField(part, name));
  return isLayers ? 'all policies' : fields.get(name)?.owner;
}

/** All that are known. */
export function kindFields(): readonly KindField[] {
  return [...fields.values()];
}

/** Whether an option of this name is one of a kind. */
export function isKindField(name: string): boolean {
  return fields.has(name);
}

function hasField({ field, beside }: (typeof canonicalOrder)[number], name: string): boolean {
  return field === name || Object.values(beside).includes(name);
}
