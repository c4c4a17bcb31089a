/**
 * One budget for all extra attempts of one stack: the retry of a policy offers its own, the hedge below it draws on it.
 * Found by the environment, which a policy makes anew for each of its stacks; layers that were not built by a policy share
 * only what is passed to them.
 *
 * Retries of single operations draw on the same budget as the others where they ask for the same options, and a retry that is
 * made anew goes on with the one before it.
 */
import type { Env } from '@fwk/kernel';
import { type RetryBudget, type RetryBudgetOptions, retryBudget } from './retry-budget.js';
import { isBudget } from './retry-options.js';

/** Budgets remembered by their options; nobody changes them so often. */
const MAX_REMEMBERED = 100;

/** Where the retries of a stack leave their budget. */
export interface BudgetShare {
  /** The one in use that was asked for last. */
  readonly budget: RetryBudget | undefined;
}

class Share implements BudgetShare {
  readonly #byOptions = new Map<string, RetryBudget>();
  /** How many retries use each, in the order in which they were asked for. */
  readonly #uses = new Map<RetryBudget, number>();

  get budget(): RetryBudget | undefined {
    return [...this.#uses.keys()].at(-1);
  }

  ofOptions(options: Partial<RetryBudgetOptions>, env: Env): RetryBudget {
    const key = JSON.stringify(options);
    const budget = this.#byOptions.get(key) ?? retryBudget(options, env.clock);
    if (this.#byOptions.size < MAX_REMEMBERED) this.#byOptions.set(key, budget);
    return budget;
  }

  join(budget: RetryBudget): void {
    this.#uses.set(budget, (this.#uses.get(budget) ?? 0) + 1);
  }

  leave(budget: RetryBudget): void {
    const left = (this.#uses.get(budget) ?? 1) - 1;
    if (left > 0) this.#uses.set(budget, left);
    else this.#uses.delete(budget);
  }
}

const shares = new WeakMap<Env, Share>();

/** Lets the layers built in this environment share. @returns the environment */
export function sharingBudget(env: Env): Env {
  shares.set(env, new Share());
  return env;
}

/** The share of the stack that is built in this environment, if a policy builds it. */
export function budgetShareOf(env: Env): BudgetShare | undefined {
  return shares.get(env);
}

/** The budget of a retry that is built in this environment: the one given, or one by its options; false for none. */
export function shareBudget(
  env: Env,
  given: RetryBudget | Partial<RetryBudgetOptions> | false,
): RetryBudget | undefined {
  if (given === false) return undefined;
  const share = shares.get(env);
  const budget = isBudget(given) ? given : (share?.ofOptions(given, env) ?? retryBudget(given, env.clock));
  share?.join(budget);
  return budget;
}

/** A retry is no longer in use: nobody pays into its budget from now on, unless others use it. */
export function leaveBudget(env: Env, budget: RetryBudget | undefined): void {
  if (budget) shares.get(env)?.leave(budget);
}
