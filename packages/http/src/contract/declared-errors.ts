/** Collects the errors that the operations of a contract declare. One name means one error, whichever operation has it. */
import { type ErrorPlan, type ErrorSpec, errorPlan } from './error-spec.js';
import type { Operation } from './operation.js';
import { errorClass } from './operation-error.js';

interface Declared {
  readonly spec: ErrorSpec;
  readonly plan: ErrorPlan;
  /** The operation that has it first. */
  readonly operation: string;
}

/** See the head of this file. */
export class DeclaredErrors {
  readonly #contract: string;
  readonly #declared = new Map<string, Declared>();

  /** @param contract - its name */
  constructor(contract: string) {
    this.#contract = contract;
  }

  /** Takes those of one operation. @returns what is wrong with them beside each other, in words that follow its name */
  add(operation: string, given: Operation | undefined): string[] {
    return specsOf(given).flatMap(([name, spec]) => {
      const known = this.#declared.get(name);
      if (!known) {
        this.#declared.set(name, { spec, operation, plan: errorPlan(this.#contract, name, spec) });
        return [];
      }
      const differs = (['status', 'data', 'title', 'type', 'failure', 'retryable'] as const).find(
        (field) => known.spec[field] !== spec[field],
      );
      if (differs === undefined) return [];
      return [
        `has another ${differs} of the error ${name} than ${known.operation}: of one name there is one error, so define it once and use it in both`,
      ];
    });
  }

  /** The errors of one operation, worked out; undefined for none. */
  of(operation: Operation): readonly ErrorPlan[] | undefined {
    const plans = specsOf(operation).flatMap(([name]) => this.#declared.get(name)?.plan ?? []);
    return plans.length === 0 ? undefined : Object.freeze(plans);
  }

  /** All of them as classes. */
  get classes(): object {
    const entries = [...this.#declared].map(([name, { plan }]) => [name, errorClass(plan)]);
    return Object.freeze(Object.fromEntries(entries));
  }
}

/** Of what may be anything: it is checked elsewhere. */
function specsOf(operation: Operation | undefined): [string, ErrorSpec][] {
  const entries = Object.entries(operation?.spec?.errors ?? {});
  return entries.filter(([, spec]) => typeof spec === 'object' && spec !== null);
}
