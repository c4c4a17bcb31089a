import type { ErrorPlan } from '../contract/error-spec.js';
import { brandError, errorIdOf } from '../contract/operation-error.js';
import type { Problem } from './problem.js';
import { RemoteError } from './remote-error.js';

/** A {@link RemoteError} that the contract of the operation declares. `instanceof` takes it for that error of the contract. */
export class DeclaredRemoteError extends RemoteError {
  readonly declared: ErrorPlan;
  readonly data: unknown;
  readonly detail: string | undefined;

  constructor(operation: string, plan: ErrorPlan, problem: Problem, data: unknown, retryAfterMs: number | undefined) {
    super(operation, plan.status, problem, retryAfterMs, {
      traits: plan.traits(problem.retryAfterMs ?? retryAfterMs),
    });
    this.declared = plan;
    this.data = data;
    this.detail = problem.detail;
    brandError(this, plan);
    Reflect.set(this, 'name', plan.name);
  }
}

/** What the contract says of an error that was received; undefined for errors that it does not declare. */
export function declaredIn(error: unknown): ErrorPlan | undefined {
  return errorIdOf(error) === undefined ? undefined : (error as Partial<DeclaredRemoteError>).declared;
}
