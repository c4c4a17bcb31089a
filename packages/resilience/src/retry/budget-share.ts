/**
 * One budget for all extra attempts of one stack: the retry of a policy offers its own, the hedge below it draws on it.
 * Found by the environment, which a policy makes anew for each of its stacks; layers that were not built by a policy share
 * only what is passed to them.
 */
import type { Env } from '@fwk/kernel';
import type { RetryBudget } from './retry-budget.js';

/** Where the retry of a stack leaves its budget. */
export interface BudgetShare {
  budget: RetryBudget | undefined;
}

const shares = new WeakMap<Env, BudgetShare>();

/** Lets the layers built in this environment share. @returns the environment */
export function sharingBudget(env: Env): Env {
  shares.set(env, { budget: undefined });
  return env;
}

/** The share of the stack that is built in this environment, if a policy builds it. */
export function budgetShareOf(env: Env): BudgetShare | undefined {
  return shares.get(env);
}
