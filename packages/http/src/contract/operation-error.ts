/**
 * The errors of a contract as classes. A handler throws one; a client gets one back, made of the answer, which `instanceof`
 * takes for the same. Both carry the id of the error, so that this holds across copies of the contract and of this package.
 */
import { type ErrorTraits, FwkError, isFwkError } from '@fwk/kernel';
import type { ErrorPlan } from './error-spec.js';

/** An error that a contract declares, as it is thrown by a handler and caught by a caller. */
export interface OperationError<Name extends string = string, Data = unknown> extends FwkError {
  /** The name that it has in the contract. */
  readonly name: Name;
  readonly status: number;
  /** What the occurrence is about, for people; undefined where it does not say. */
  readonly detail: string | undefined;
  /** What it carries, by its schema. */
  readonly data: Data;
}

/** What an error is made of beside its data. */
export interface OperationErrorOptions {
  /** This occurrence, for the caller's eyes. */
  readonly detail?: string;
  /** When to try again, in milliseconds; sent as `Retry-After` too. */
  readonly retryAfterMs?: number;
  /** Stays in the server's log. */
  readonly cause?: unknown;
}

/** Carries the id of an error; registered, so that copies of this package know each other's. */
const brand = Symbol.for('@fwk/http/operation-error');

/** An error that carries the id of one in a contract. */
export interface Branded {
  readonly [brand]: string;
}

/** The id of an error of a contract, such as `inventory.OutOfStock`; undefined for other values. */
export function errorIdOf(error: unknown): string | undefined {
  if (!isFwkError(error) || !(brand in error)) return undefined;
  const id: unknown = error[brand];
  return typeof id === 'string' ? id : undefined;
}

/** Puts the id on an error; logs do not show it. */
export function brandError(error: FwkError, { id }: ErrorPlan): void {
  Object.defineProperty(error, brand, { value: id });
}

/** What a class of errors is called with. */
interface Given extends OperationErrorOptions {
  readonly data?: unknown;
}

/** What handlers throw. Code `FWK_HTTP_OPERATION_ERROR`. */
class ThrownError extends FwkError {
  readonly status: number;
  readonly detail: string | undefined;
  readonly data: unknown;

  constructor(plan: ErrorPlan, { data, detail, retryAfterMs, cause }: Given) {
    const traits: ErrorTraits = plan.traits(retryAfterMs);
    const message = detail === undefined ? plan.title : `${plan.title}: ${detail}`;
    super('FWK_HTTP_OPERATION_ERROR', message, { cause, details: { error: plan.id, status: plan.status }, traits });
    this.status = plan.status;
    this.detail = detail;
    this.data = data;
    brandError(this, plan);
  }
}

/** Makes the class of one error. */
export function errorClass(plan: ErrorPlan): new (given?: Given) => OperationError {
  const made = class extends ThrownError {
    constructor(given: Given = {}) {
      super(plan, given);
    }

    static override [Symbol.hasInstance](value: unknown): boolean {
      return errorIdOf(value) === plan.id;
    }
  };
  // It is what errors show as their name.
  Object.defineProperty(made, 'name', { value: plan.name });
  return made;
}
