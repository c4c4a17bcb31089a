/**
 * Adds up what the answers of a callee cost, for usage and metrics.
 *
 * State: none but the sums, which are the application's. Place: right outside the balancer, so that each answer of the callee
 * counts, also those that a hedged or repeated call does not use, and none that comes from a cache or a fallback. It never fails a call.
 * Cancellation is passed on: a call that was given up has no answer, and costs nothing as far as anybody here knows.
 */
import type { CostAccount, Usage } from '@fwk/core';
import {
  type CallContext,
  type Counter,
  callSafely,
  type Env,
  type Layer,
  OptionsError,
  type Service,
  type Status,
} from '@fwk/kernel';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import type { OperationPlan } from '../contract/contract.js';
import { httpMetrics } from '../metrics.js';

type Next = Service<OperationRequest, OperationResponse>;

/** What one answer costs: a number, or what a function makes of the answer. */
export type AnswerCost = number | ((answer: never) => number);

/** What answers cost, by operation. */
export type AnswerCosts = Readonly<Record<string, AnswerCost | undefined>>;

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for operations that are not there, and functions of a stream */
export function checkCosts(service: string, costs: AnswerCosts, plans: readonly OperationPlan<string>[]): void {
  const problems = Object.keys(costs).flatMap((name) => {
    const plan = plans.find((each) => each.name === name);
    if (!plan) return [`costs has ${JSON.stringify(name)}, which the contract does not have`];
    if (!plan.stream || typeof costs[name] !== 'function') return [];
    return [`costs.${name} must be a number: the answer of a stream is not read whole`];
  });
  if (problems.length > 0) throw new OptionsError(`client of "${service}"`, problems);
}

/** First status that is an error: nobody pays for it. */
const FIRST_ERROR = 400;

/** Makes the layer. @param usage - of the application. @defaultValue metrics alone */
export function costLayer(
  service: string,
  costs: AnswerCosts,
  usage: Pick<Usage, 'costs'> | undefined,
): Layer<OperationRequest, OperationResponse> {
  return {
    role: 'cost',
    describe: () => ({ operations: Object.keys(costs).filter((name) => costs[name] !== undefined) }),
    wrap: (next, env) => new CostLayer(next, env, service, costs, usage),
  };
}

class CostLayer implements Next {
  readonly #next: Next;
  readonly #env: Env;
  readonly #service: string;
  readonly #costs: AnswerCosts;
  readonly #usage: Pick<Usage, 'costs'> | undefined;
  readonly #sums = new Map<string, { readonly total: Counter; readonly account: CostAccount | undefined }>();

  constructor(next: Next, env: Env, service: string, costs: AnswerCosts, usage: Pick<Usage, 'costs'> | undefined) {
    this.#next = next;
    this.#env = env;
    this.#service = service;
    this.#costs = costs;
    this.#usage = usage;
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    if (context.cancelled) return Promise.reject(context.reason);
    const { name, id } = request.operation.plan;
    const cost = Object.hasOwn(this.#costs, name) ? this.#costs[name] : undefined;
    if (cost === undefined) return this.#next.call(request, context);
    return callSafely(this.#next, request, context).then((answer) => {
      if (answer.status < FIRST_ERROR) this.#add(id, this.#costOf(id, cost, answer.value));
      return answer;
    });
  }

  status(request?: OperationRequest): Status {
    return this.#next.status(request);
  }

  #costOf(operation: string, cost: AnswerCost, answer: unknown): number {
    if (typeof cost === 'number') return cost;
    try {
      const amount: unknown = cost(answer as never);
      if (typeof amount === 'number' && Number.isFinite(amount) && amount >= 0) return amount;
      this.#env.logger.warn({ operation }, 'the cost of an answer is no number from 0 on; it counts as 0');
    } catch (error) {
      this.#env.logger.warn({ operation, err: error }, 'the function for the cost of an answer threw; it counts as 0');
    }
    return 0;
  }

  #add(operation: string, amount: number): void {
    let sums = this.#sums.get(operation);
    if (!sums) {
      const labels = { 'server.address': this.#service, operation };
      const total = this.#env.metrics.counter(httpMetrics['http.client.cost'], labels);
      sums = { total, account: this.#usage?.costs(this.#service, operation) };
      this.#sums.set(operation, sums);
    }
    sums.total.add(amount);
    sums.account?.add(amount, this.#env.clock.now());
  }
}
