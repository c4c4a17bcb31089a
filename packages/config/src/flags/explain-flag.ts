/** Answers "why does this flag answer so?" for one context: each step that is taken, and those that are not reached. */
import { redact } from '@fwk/kernel';
import { type CompiledFlag, type CompiledRollout, type CompiledRule, stickyText } from './compiled-flag.js';
import type { ConditionExplanation } from './condition.js';
import type { FlagReason, Outcome } from './flag-answer.js';
import type { FlagAttributes, FlagContext } from './flag-context.js';
import { targetingKey } from './flag-definition.js';
import { placeOf, places } from './rollout.js';

/** One step towards an answer, in the order in which they are taken. */
export type FlagStep =
  | { readonly step: 'enabled'; readonly holds: boolean }
  | {
      readonly step: 'requires';
      readonly flag: string;
      readonly wanted: readonly string[];
      /** What the other flag answers; undefined for none. */
      readonly variant: string | undefined;
      readonly holds: boolean;
    }
  | RuleStep
  | { readonly step: 'default'; readonly decides: boolean; readonly variant: string | undefined };

/** What a rule makes of a context. */
export interface RuleStep {
  readonly step: 'rule';
  readonly rule: string;
  /** Undefined where the rule is for everybody. */
  readonly condition: ConditionExplanation | undefined;
  /** Undefined where the rule has none. */
  readonly rollout: RolloutExplanation | undefined;
  /** What it would give; undefined where the context does not fit or is outside of the roll-out. */
  readonly variant: string | undefined;
  /** Whether the answer comes from it; false too where an earlier step has decided. */
  readonly decides: boolean;
}

/** Where a key stands in a roll-out. */
export interface RolloutExplanation {
  readonly by: string;
  /** What was hashed; undefined where the context has nothing to hash, so that the roll-out does not apply. Masked. */
  readonly stickyTo: unknown;
  /** From 0 to 99,999. */
  readonly place: number | undefined;
  readonly of: number;
  /** Which places have which variant: `from` belongs to it, `to` does not. */
  readonly stretches: readonly { readonly variant: string; readonly from: number; readonly to: number }[];
}

/** Why a flag answers as it does. */
export interface FlagExplanation {
  readonly flag: string;
  /** Where it is defined, as far as sources know: `config.yaml:12:3`. */
  readonly where: string | undefined;
  /** The key of the context, which OpenTelemetry calls the id of the context. */
  readonly contextId: string | undefined;
  /** Masked. */
  readonly attributes: unknown;
  /** Masked; undefined where the default of whoever asks is the value. */
  readonly value: unknown;
  readonly variant: string | undefined;
  readonly reason: FlagReason;
  readonly steps: readonly FlagStep[];
}

/** Explains what the flag answers for the context. */
export function explainFlag(flag: CompiledFlag, context: FlagContext, where?: string): FlagExplanation {
  const { key, attributes = {} } = context;
  const steps: FlagStep[] = [{ step: 'enabled', holds: flag.enabled }];
  let outcome: Outcome | undefined = flag.enabled ? undefined : flag.off;
  for (const { flag: other, variants } of flag.prerequisites) {
    const { variant } = other.resolve(key, attributes);
    const holds = variant !== undefined && variants.includes(variant);
    steps.push({ step: 'requires', flag: other.name, wanted: variants, variant, holds });
    if (!holds) outcome ??= flag.off;
  }
  for (const rule of flag.rules) {
    const { step, given } = ruleStep(flag, rule, key, attributes, outcome !== undefined);
    steps.push(step);
    outcome ??= given;
  }
  steps.push({ step: 'default', decides: outcome === undefined, variant: flag.otherwise.variant });
  outcome ??= flag.otherwise;
  return {
    flag: flag.name,
    where,
    contextId: key,
    attributes: redact(attributes),
    value: redact(outcome.answer?.value, flag.name),
    variant: outcome.variant,
    reason: outcome.reason,
    steps,
  };
}

function ruleStep(
  flag: CompiledFlag,
  rule: CompiledRule,
  key: string | undefined,
  attributes: FlagAttributes,
  decided: boolean,
): { readonly step: RuleStep; readonly given: Outcome | undefined } {
  const condition = rule.condition?.explain(key, attributes);
  const fits = condition?.holds ?? true;
  const given = fits ? (rule.serve ?? (rule.rollout && flag.rolledOut(rule.rollout, key, attributes))) : undefined;
  const rollout = rule.rollout && rolloutExplanation(flag, rule.rollout, key, attributes);
  const decides = !decided && given !== undefined;
  return { step: { step: 'rule', rule: rule.name, condition, rollout, variant: given?.variant, decides }, given };
}

function rolloutExplanation(
  flag: CompiledFlag,
  { by, variants, stretches }: CompiledRollout,
  key: string | undefined,
  attributes: FlagAttributes,
): RolloutExplanation {
  const own = stickyText(by.read(key, attributes));
  return {
    by: by.path,
    stickyTo: by.path === targetingKey ? own : redact(own, by.path),
    place: own === undefined ? undefined : placeOf(own, flag.seed),
    of: places,
    stretches: stretches.map(({ from, to, of }) => ({ variant: variants[of] ?? '', from, to })),
  };
}
