/**
 * A flag as it is run. Everything that it can answer is made when definitions change, so that resolving it only looks: prerequisites,
 * then rules in their order, then the default.
 */
import { Attribute } from './attribute.js';
import { sharesOf } from './check-flag.js';
import { type Condition, conditionOf } from './condition.js';
import type { Exposures } from './exposures.js';
import { type FlagKind, type FlagMetadata, type FlagReason, kindOfFlag, type Outcome } from './flag-answer.js';
import type { FlagAttributes } from './flag-context.js';
import {
  booleanVariants,
  type FlagDefinition,
  type FlagDefinitions,
  type FlagRule,
  type FlagValue,
  targetingKey,
} from './flag-definition.js';
import { timeOf } from './operators.js';
import { layOut, placeOf, type Stretch, seedOf, stretchAt } from './rollout.js';

/** One rule, as it is run. */
export interface CompiledRule {
  readonly name: string;
  readonly condition: Condition | undefined;
  readonly serve: Outcome | undefined;
  readonly rollout: CompiledRollout | undefined;
}

/** A roll-out, as it is run. */
export interface CompiledRollout {
  /** What it is sticky by. */
  readonly by: Attribute;
  readonly variants: readonly string[];
  readonly stretches: readonly Stretch[];
  /** By variant, in the order of the list. */
  readonly outcomes: readonly Outcome[];
}

/** Another flag that must have one of some variants. */
export interface Prerequisite {
  readonly flag: CompiledFlag;
  readonly variants: readonly string[];
}

/** A flag that can be resolved. */
export class CompiledFlag {
  readonly name: string;
  readonly definition: FlagDefinition;
  readonly kind: FlagKind;
  readonly variants: Readonly<Record<string, FlagValue>>;
  readonly metadata: FlagMetadata;
  readonly enabled: boolean;
  /** Wall-clock milliseconds since the epoch. */
  readonly expiresMs: number;
  /** Whether different contexts can get different answers. */
  readonly dynamic: boolean;
  readonly seed: number;
  readonly rules: readonly CompiledRule[];
  readonly off: Outcome;
  readonly otherwise: Outcome;
  /** Filled in once all flags are made. */
  prerequisites: readonly Prerequisite[] = [];
  readonly #exposures: Exposures | undefined;

  constructor(name: string, definition: FlagDefinition, exposures: Exposures | undefined) {
    this.name = name;
    this.definition = definition;
    this.variants = definition.variants ?? booleanVariants;
    this.kind = kindOfFlag(Object.values(this.variants)[0]) ?? 'boolean';
    this.metadata = definition.metadata ?? noMetadata;
    this.enabled = definition.enabled ?? true;
    this.expiresMs = timeOf(definition.expires) ?? Number.POSITIVE_INFINITY;
    this.seed = seedOf(definition.salt ?? name);
    const requires = Object.keys(definition.requires ?? {}).length > 0;
    this.dynamic = this.enabled && (requires || (definition.rules ?? []).length > 0);
    this.#exposures = this.dynamic && (definition.exposures ?? true) ? exposures : undefined;
    this.off = this.#outcome(definition.off, 'DISABLED');
    this.rules = (definition.rules ?? []).map((rule, index) => this.#rule(rule, index));
    this.otherwise = this.#outcome(definition.default, this.dynamic ? 'DEFAULT' : 'STATIC');
  }

  /** How the flag ends for a context. */
  resolve(key: string | undefined, attributes: FlagAttributes): Outcome {
    if (!this.enabled) return this.off;
    for (const prerequisite of this.prerequisites) {
      if (!isMet(prerequisite, key, attributes)) return this.off;
    }
    for (const rule of this.rules) {
      if (rule.condition && !rule.condition.holds(key, attributes)) continue;
      const outcome = rule.serve ?? this.rolledOut(rule.rollout as CompiledRollout, key, attributes);
      if (outcome) return outcome;
    }
    return this.otherwise;
  }

  /** What a roll-out gives; undefined for those outside of it, and for contexts without what it is sticky by. */
  rolledOut(rollout: CompiledRollout, key: string | undefined, attributes: FlagAttributes): Outcome | undefined {
    const own = stickyText(rollout.by.read(key, attributes));
    if (own === undefined) return undefined;
    const stretch = stretchAt(rollout.stretches, placeOf(own, this.seed));
    return stretch && rollout.outcomes[stretch.of];
  }

  #rule(rule: FlagRule, index: number): CompiledRule {
    return {
      name: rule.name ?? `rule ${index + 1}`,
      condition: rule.if === undefined ? undefined : conditionOf(rule.if),
      serve: rule.serve === undefined ? undefined : this.#outcome(rule.serve, 'TARGETING_MATCH'),
      rollout: rule.rollout && this.#rollout(rule.rollout, rule.by ?? targetingKey),
    };
  }

  #rollout(shares: Readonly<Record<string, number>>, by: string): CompiledRollout {
    const variants = Object.keys(shares);
    return {
      by: new Attribute(by),
      variants,
      stretches: layOut(Object.values(shares).map((percent) => sharesOf(percent) ?? 0)),
      outcomes: variants.map((variant) => this.#outcome(variant, 'SPLIT')),
    };
  }

  #outcome(variant: string | undefined | null, reason: FlagReason): Outcome {
    if (variant === undefined || variant === null) {
      return Object.freeze({ variant: undefined, reason, answer: undefined, told: undefined });
    }
    const value = this.variants[variant] as FlagValue;
    const nothing = { errorCode: undefined, errorMessage: undefined };
    const answer = Object.freeze({ value, variant, reason, ...nothing, flagMetadata: this.metadata });
    return Object.freeze({ variant, reason, answer, told: this.#exposures?.among(this.name, variant) });
  }
}

const noMetadata: FlagMetadata = Object.freeze({});

/** Whether the other flag has one of the variants for this context. */
export function isMet({ flag, variants }: Prerequisite, key: string | undefined, attributes: FlagAttributes): boolean {
  const { variant } = flag.resolve(key, attributes);
  return variant !== undefined && variants.includes(variant);
}

/** What is hashed: texts that are not empty, and numbers; undefined for anything else. */
export function stickyText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return Number.isFinite(value) ? String(value) : undefined;
}

/** All flags, ready to be resolved. */
export type FlagSet = ReadonlyMap<string, CompiledFlag>;

/** Makes all flags out of definitions that were checked. */
export function compileFlags(definitions: FlagDefinitions, exposures?: Exposures): FlagSet {
  const flags = new Map<string, CompiledFlag>();
  for (const [name, definition] of Object.entries(definitions))
    flags.set(name, new CompiledFlag(name, definition, exposures));
  for (const flag of flags.values()) {
    const prerequisites: Prerequisite[] = [];
    for (const [name, wanted] of Object.entries(flag.definition.requires ?? {})) {
      const other = flags.get(name);
      const variants = typeof wanted === 'string' ? [wanted] : wanted;
      if (other) prerequisites.push({ flag: other, variants });
    }
    flag.prerequisites = prerequisites;
  }
  exposures?.keepOnly(flags);
  return flags;
}
