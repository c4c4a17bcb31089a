import type { AnyContract, ErrorOf, OperationName } from './contract-types.js';
import { errorIdOf } from './operation-error.js';

/**
 * Whether an error is one that an operation declares. Its `name` then says which, so that a `switch` over it is complete.
 * @example catch (error) { if (isErrorOf(inventory, 'reserve', error)) switch (error.name) { case 'OutOfStock': ... } }
 */
export function isErrorOf<C extends AnyContract, Op extends OperationName<C>>(
  contract: C,
  operation: Op,
  error: unknown,
): error is ErrorOf<C, Op> {
  const id = errorIdOf(error);
  const plan = contract.plans.find(({ name }) => name === operation);
  return id !== undefined && plan?.errors?.some((each) => each.id === id) === true;
}
