/**
 * Describes a layer so that policies can use it: the option that asks for it, how its options are checked and
 * which of them may change while it runs, what it counts, and how it is made. Each layer's folder has one; the canonical
 * order says where the layer stands. Nothing else in a policy knows single layers.
 */
import { checkOptions, fixed, type Live, type Rule } from '@fwk/kernel';
import type { FunctionLayer } from './function-layer.js';
import type { HandleKind } from './handle-kind.js';
import { isPlain } from './plain.js';
import { wanted } from './setting-of.js';

/** The types of a part. */
export interface PartTypes {
  /** The layer's own options. */
  readonly options: object;
  /** What it adds to the options of a policy. */
  readonly policy: object;
  /** The same as plain data, as in configuration. @defaultValue those of `policy` that are plain data */
  readonly settings?: object;
  /** What it adds to the counts of a policy. @defaultValue nothing */
  readonly counts?: object;
}

/** What layers of one policy share. */
export interface PolicyKit {
  /** The policy's name. */
  readonly policy: string;
  /** Begins the list of what one layer builds of a kind; the answer adds to it. */
  list<Handle extends object>(kind: HandleKind<Handle>): (built: Handle) => void;
}

/** What the options of a policy come to, as far as a layer's may contradict it. */
export interface PolicyLimits {
  /** Time of a whole call in milliseconds; undefined for no limit. */
  readonly deadlineMs: number | undefined;
  /** Time of one attempt in milliseconds; undefined for no limit. */
  readonly timeoutMs: number | undefined;
  /** Whether calls may wait in a layer further in. */
  readonly mayWait: boolean;
}

/** A layer as part of a policy; see the head of this file. Made by {@link policyPart}. */
export interface PolicyPart<T extends PartTypes = PartTypes> {
  /** The option that asks for it. */
  readonly field: string;
  /** The role of its layer. */
  readonly role: string;
  /** Set when the option is a single value, which is the layer's own option of this name. */
  readonly single: string | undefined;
  /** What else of the policy's options is meant for a layer whose option is a single value: by the layer's own name. */
  readonly beside: Readonly<Record<string, string>>;
  /** What the option must be as a whole. */
  readonly shape: Rule;
  readonly defaults: object;
  /** What each option of the layer must be. */
  readonly rules: Readonly<Record<string, Rule>>;
  /** Stands in for what a named policy may leave to its places of use, while it is checked without one. */
  readonly needed: object;
  /** Whether the layer keeps anything from call to call. */
  readonly stateful: boolean;
  /** Its options that take live values: a change of theirs leaves the state its meaning. */
  readonly tunable: readonly string[];
  /** Its options that take any plain data in configuration, lists and null included. */
  readonly anyData: readonly string[];
  /** What it counts: the name of a counter, and of its label `result` or `outcome` where only some values are meant. */
  readonly counts: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  /** Carries the types; never set. */
  readonly types?: T;
  /** The layer's own options among those of a policy; undefined when it is not asked for. */
  optionsIn(policy: object): object | undefined;
  /** Checks the layer's own options, each for itself and against each other. @throws OptionsError */
  check(options: object): void;
  /** Those of its options that say nothing, as the others are; they are not shown among the settings in force. */
  unused(options: object): readonly string[];
  /** Whether calls may wait in it. */
  waits(options: object): boolean;
  /** What contradicts the rest of the policy, each with its reason. Live values are judged as they are now. */
  contradictions(policy: object, limits: PolicyLimits): readonly string[];
  /** Makes the layers, outermost first. @throws OptionsError */
  make(options: object, kit: PolicyKit): readonly FunctionLayer[];
}

/** A part as its folder describes it: what most layers do not need may be left out. */
export interface PartDescription<T extends PartTypes> {
  readonly field: keyof T['policy'] & string;
  readonly role: string;
  readonly single?: keyof T['options'] & string;
  readonly beside?: Readonly<Record<string, keyof T['policy'] & string>>;
  /** @defaultValue a plain object, or with `single` anything */
  readonly shape?: Rule;
  readonly defaults: Partial<T['options']>;
  readonly rules: { readonly [K in keyof T['options']]-?: Rule };
  readonly needed?: Partial<T['options']>;
  readonly stateful: boolean;
  readonly tunable: readonly (keyof T['options'] & string)[];
  readonly anyData?: readonly (keyof T['options'] & string)[];
  readonly counts?: Readonly<Record<string, CountName<T> | Readonly<Record<string, CountName<T>>>>>;
  /** The layer's own check, where options are checked against each other. @defaultValue the rules alone */
  check?(options: Partial<T['options']>): unknown;
  unused?(options: Partial<T['options']>): readonly (keyof T['options'] & string)[];
  waits?(options: Partial<T['options']>): boolean;
  contradictions?(policy: T['policy'], limits: PolicyLimits): readonly string[];
  make(options: T['options'], kit: PolicyKit): FunctionLayer | readonly FunctionLayer[];
}

type CountName<T extends PartTypes> = keyof NonNullable<T['counts']> & string;

/** Makes a part of its description. */
export function policyPart<T extends PartTypes>(described: PartDescription<T>): PolicyPart<T> {
  const { field, role, single, beside = {}, defaults, rules } = described;
  return Object.freeze({
    field,
    role,
    single,
    beside,
    shape: described.shape ?? (single === undefined ? layerOptions : anyShape),
    defaults,
    rules,
    needed: described.needed ?? {},
    stateful: described.stateful,
    tunable: described.tunable,
    anyData: described.anyData ?? [],
    counts: described.counts ?? {},
    optionsIn(policy: object) {
      const given: unknown = wanted(Reflect.get(policy, field));
      if (given === undefined || single === undefined) return given as object | undefined;
      const others = Object.entries(beside).map(([name, from]) => [name, Reflect.get(policy, from)]);
      return { [single]: given, ...Object.fromEntries(others) };
    },
    check(options: Partial<T['options']>) {
      if (described.check) described.check(options);
      else checkOptions<T['options']>(role, options, defaults, rules);
    },
    unused: (options: Partial<T['options']>) => described.unused?.(options) ?? [],
    waits: (options: Partial<T['options']>) => described.waits?.(options) ?? false,
    contradictions: (policy: T['policy'], limits: PolicyLimits) => described.contradictions?.(policy, limits) ?? [],
    make: (options: T['options'], kit: PolicyKit) => [described.make(options, kit)].flat(),
  });
}

/** What options of a policy or a layer are given as. Of a live object or a map nothing would ever be read. */
export const optionsObject: Rule = fixed((value) => {
  if (isPlain(value)) return undefined;
  return value === null ? 'a plain object with options, {} for the defaults' : 'a plain object with options';
});

const layerOptions: Rule = fixed((value) =>
  value === undefined || value === false ? undefined : optionsObject(value),
);
const anyShape: Rule = () => undefined;

/** Of options those that are plain data, as they may come from configuration: no functions, no live values. */
export type PlainOptions<Options> = {
  readonly [K in keyof Options as PlainOf<Options[K]> extends never ? never : K]?: PlainOf<Options[K]>;
};

type PlainOf<Value> = unknown extends Value
  ? unknown
  : Extract<Value, number | string | boolean> | (Iterable<number> extends Value ? readonly number[] : never);

/** What a part adds to the plain data of a policy. */
export type PlainPolicy<Policy> = { readonly [K in keyof Policy]?: PlainField<Policy[K]> };

type PlainField<Value> = Value extends undefined | Live<unknown>
  ? never
  : Value extends number | string | boolean
    ? Value
    : PlainOptions<Value>;
