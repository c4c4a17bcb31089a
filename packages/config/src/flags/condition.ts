/** Conditions as they are run. Made when definitions change; running one makes nothing. */
import { isSecretName, mask, redact } from '@fwk/kernel';
import { Attribute } from './attribute.js';
import type { FlagAttributes } from './flag-context.js';
import type { AttributeCondition, FlagCondition } from './flag-definition.js';
import { type OperatorName, operators } from './operators.js';

/** Why a condition holds or not; a part of it for each part of the condition. */
export type ConditionExplanation =
  | { readonly all: readonly ConditionExplanation[]; readonly holds: boolean }
  | { readonly any: readonly ConditionExplanation[]; readonly holds: boolean }
  | { readonly not: ConditionExplanation; readonly holds: boolean }
  | {
      readonly attribute: string;
      /** What the context has there; masked where the name says that it is secret. */
      readonly actual: unknown;
      readonly tests: readonly {
        readonly operator: OperatorName;
        readonly operand: unknown;
        readonly holds: boolean;
      }[];
      readonly holds: boolean;
    };

/** A condition that can be run. */
export interface Condition {
  holds(key: string | undefined, attributes: FlagAttributes): boolean;
  explain(key: string | undefined, attributes: FlagAttributes): ConditionExplanation;
}

/** Makes a condition out of a definition that was checked. */
export function conditionOf(definition: FlagCondition): Condition {
  if ('all' in definition) return new AllOf(definition.all.map(conditionOf));
  if ('any' in definition) return new AnyOf(definition.any.map(conditionOf));
  if ('not' in definition) return new Not(conditionOf(definition.not));
  return new AttributeTest(definition);
}

class AllOf implements Condition {
  readonly #parts: readonly Condition[];

  constructor(parts: readonly Condition[]) {
    this.#parts = parts;
  }

  holds(key: string | undefined, attributes: FlagAttributes): boolean {
    for (const part of this.#parts) if (!part.holds(key, attributes)) return false;
    return true;
  }

  explain(key: string | undefined, attributes: FlagAttributes): ConditionExplanation {
    const all = this.#parts.map((part) => part.explain(key, attributes));
    return { all, holds: all.every(({ holds }) => holds) };
  }
}

class AnyOf implements Condition {
  readonly #parts: readonly Condition[];

  constructor(parts: readonly Condition[]) {
    this.#parts = parts;
  }

  holds(key: string | undefined, attributes: FlagAttributes): boolean {
    for (const part of this.#parts) if (part.holds(key, attributes)) return true;
    return false;
  }

  explain(key: string | undefined, attributes: FlagAttributes): ConditionExplanation {
    const any = this.#parts.map((part) => part.explain(key, attributes));
    return { any, holds: any.some(({ holds }) => holds) };
  }
}

class Not implements Condition {
  readonly #part: Condition;

  constructor(part: Condition) {
    this.#part = part;
  }

  holds(key: string | undefined, attributes: FlagAttributes): boolean {
    return !this.#part.holds(key, attributes);
  }

  explain(key: string | undefined, attributes: FlagAttributes): ConditionExplanation {
    const not = this.#part.explain(key, attributes);
    return { not, holds: !not.holds };
  }
}

interface Test {
  readonly operator: OperatorName;
  readonly operand: unknown;
  readonly fits: (actual: unknown) => boolean;
}

class AttributeTest implements Condition {
  readonly #attribute: Attribute;
  readonly #tests: readonly Test[];
  /** The first one apart: most conditions have no other. */
  readonly #fits: (actual: unknown) => boolean;
  readonly #isSingle: boolean;

  constructor(definition: AttributeCondition) {
    this.#attribute = new Attribute(definition.attribute);
    this.#tests = (Object.keys(operators) as OperatorName[])
      .filter((operator) => definition[operator] !== undefined)
      .map((operator) => {
        const operand = definition[operator];
        return { operator, operand, fits: operators[operator].test(operand) };
      });
    this.#fits = this.#tests[0]?.fits ?? (() => false);
    this.#isSingle = this.#tests.length < 2;
  }

  holds(key: string | undefined, attributes: FlagAttributes): boolean {
    const actual = this.#attribute.read(key, attributes);
    if (!this.#fits(actual)) return false;
    if (this.#isSingle) return true;
    for (let at = 1; at < this.#tests.length; at++) if (!this.#tests[at]?.fits(actual)) return false;
    return true;
  }

  explain(key: string | undefined, attributes: FlagAttributes): ConditionExplanation {
    const actual = this.#attribute.read(key, attributes);
    const name = this.#attribute.path;
    const tests = this.#tests.map(({ operator, operand, fits }) => ({
      operator,
      operand: isSecretName(name, operand) ? mask : redact(operand),
      holds: fits(actual),
    }));
    return {
      attribute: name,
      actual: redact(actual, name) ?? null,
      tests,
      holds: tests.every(({ holds }) => holds),
    };
  }
}
