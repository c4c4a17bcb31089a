/** A feature flag as it stands in the configuration, below `flags:`. docs/flags.md explains each part with examples. */

/** What a flag may answer. All variants of one flag are of one kind. */
export type FlagValue = boolean | string | number | readonly unknown[] | { readonly [name: string]: unknown };

/** One flag. */
export interface FlagDefinition {
  /** For people. */
  readonly description?: string;
  /** Who decides about it. */
  readonly owner?: string;
  /** Whether rules and default are looked at. When false the flag answers `off`. @defaultValue true */
  readonly enabled?: boolean;
  /** What it may answer, by name. @defaultValue { on: true, off: false } */
  readonly variants?: Readonly<Record<string, FlagValue>>;
  /** The variant where no rule decides. @defaultValue none: the default of whoever asks */
  readonly default?: string;
  /** The variant while the flag is disabled or a prerequisite is not met. @defaultValue none: the default of whoever asks */
  readonly off?: string;
  /** Prerequisites: other flags, and the variant or variants that they must have for the same context. @defaultValue {} */
  readonly requires?: Readonly<Record<string, string | readonly string[]>>;
  /** Looked at in their order; the first that decides wins. @defaultValue [] */
  readonly rules?: readonly FlagRule[];
  /** When the flag should be gone from the code: `2027-03-31` or `2027-03-31T12:00:00Z`. It answers as before, and is reported. */
  readonly expires?: string;
  /** What keys are hashed with; flags with the same salt give the same keys the same place. @defaultValue the name of the flag */
  readonly salt?: string;
  /** Whether `flag.exposed` is emitted. @defaultValue true */
  readonly exposures?: boolean;
  /** Makes it an experiment: what runs under each variant is measured and compared. @defaultValue none */
  readonly experiment?: FlagExperiment;
  /**
   * The policy whose options the variants are, such as that of a client: `inventory`. Each call has the options of its variant over
   * all others; `{}` is the policy as it is. No two flags have the same one. @defaultValue none
   */
  readonly policy?: string;
  /** Handed out with each answer. @defaultValue {} */
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
}

/** What is measured of a flag's variants beside calls, errors and latency. */
export interface FlagExperiment {
  /** The variant that the others are compared with. @defaultValue the default of the flag */
  readonly control?: string;
  /** Names of metrics of its own, which code records. @defaultValue [] */
  readonly metrics?: readonly string[];
}

/** One targeting rule: for whom (`if`), and what they get (`serve`, or `rollout` for a part of them). */
export interface FlagRule {
  /** For people and explanations. @defaultValue its number */
  readonly name?: string;
  /** For whom. @defaultValue everybody */
  readonly if?: FlagCondition;
  /** The variant that they get. */
  readonly serve?: string;
  /** Percent by variant, in steps of 0.001; the rest goes on to the next rule. */
  readonly rollout?: Readonly<Record<string, number>>;
  /** The attribute by which the roll-out is sticky. @defaultValue 'targetingKey', the key of the context */
  readonly by?: string;
}

/** For whom a rule is. */
export type FlagCondition =
  | AttributeCondition
  | { readonly all: readonly FlagCondition[] }
  | { readonly any: readonly FlagCondition[] }
  | { readonly not: FlagCondition };

/** What an attribute must be; several operators must all hold. An attribute that is missing fits `exists: false` alone. */
export interface AttributeCondition {
  /** Its path in the attributes, such as `plan` or `company.country`; `targetingKey` is the key of the context. */
  readonly attribute: string;
  /** The same value of the same type. */
  readonly equals?: string | number | boolean;
  /** One of these. */
  readonly in?: readonly (string | number | boolean)[];
  /** A text that begins with this, or with one of these. */
  readonly startsWith?: string | readonly string[];
  /** A text that ends with this, or with one of these. */
  readonly endsWith?: string | readonly string[];
  /** A text that has this in it, or a list that has it as an item; of several, one is enough. */
  readonly contains?: string | readonly string[];
  /** A number below. */
  readonly lessThan?: number;
  /** A number below or equal. */
  readonly atMost?: number;
  /** A number above. */
  readonly moreThan?: number;
  /** A number above or equal. */
  readonly atLeast?: number;
  /** A time before: a date or time as in ISO 8601. */
  readonly before?: string;
  /** That time or later. */
  readonly after?: string;
  /** A version in this range, such as `>=2.3 <3` or `^2`. */
  readonly semver?: string;
  /** Whether it is there at all. */
  readonly exists?: boolean;
}

/** All flags by name. */
export type FlagDefinitions = Readonly<Record<string, FlagDefinition>>;

/** What definitions are bounded by, so that answering stays quick whatever they say. */
export const flagLimits = Object.freeze({
  flags: 10_000,
  variants: 100,
  rules: 200,
  /** Conditions, operators and their texts in one flag. */
  conditions: 1000,
  /** Conditions inside of conditions. */
  conditionDepth: 10,
  /** Values of one `in`. */
  values: 10_000,
  /** Texts of one `startsWith`, `endsWith` or `contains`. */
  texts: 100,
  prerequisites: 16,
  /** Variants that are options of a policy: each has layers and connections of its own. */
  policyVariants: 10,
  /** Own metrics of one experiment. */
  metrics: 20,
  /** Flags that are looked at to answer one, itself included. */
  lookedAt: 256,
  /** Characters of names, and of texts in conditions. */
  text: 500,
  /** Characters of an attribute that a condition looks into; what is longer fits none. */
  attribute: 5000,
});

/** What stands for the variants of a flag that lists none. */
export const booleanVariants: Readonly<Record<string, FlagValue>> = Object.freeze({ on: true, off: false });

/** The attribute that is the key of the context, as OpenFeature calls it. */
export const targetingKey = 'targetingKey';
