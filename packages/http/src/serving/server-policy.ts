/**
 * What a policy means before a server: what is in force where nobody says otherwise, what the contract says of its
 * operations, and the layers that are made in a way of their own.
 */
import type { AnyLayer } from '@fwk/kernel';
import {
  type BulkheadOptions,
  bulkheadHandles,
  type DeadlineOptions,
  deadline,
  type FaultOptions,
  faultInjection,
  type PolicyKind,
  quotaUnheard,
  type RateLimitOptions,
  rateLimit,
} from '@fwk/resilience';
import { jsonText } from '../wire/json-text.js';
import type { ServedAnswer } from './answer.js';
import { AnswerWriter } from './answer-writer.js';
import { operationBulkheads } from './operation-bulkheads.js';
import type { ServedPlans } from './served.js';
import type { ServedRequest } from './served-request.js';

/** What the adaptive limit of a server has instead of the layer's own defaults. */
export const serverLimitDefaults = Object.freeze({ maxQueue: 50, newestFirstAfterMs: 100 });

/**
 * Makes the kind of policy that stands before the operations of a contract.
 * @param timeoutMs - the deadline where neither contract nor policy says one.
 */
export function serverKind({ name, plans }: ServedPlans, timeoutMs: number): PolicyKind {
  const names = plans.map((plan) => plan.name);
  return {
    name: 'server',
    label: `${name}-server`,
    contradictions: quotaUnheard,
    scopes: ['server'],
    builtIn: { deadlineMs: timeoutMs },
    assumed: { limit: serverLimitDefaults },
    operations: {
      names,
      nameOf: (request) => (request as ServedRequest).operation,
      options: Object.fromEntries(
        plans.flatMap((plan) => (plan.timeoutMs === undefined ? [] : [[plan.name, { deadlineMs: plan.timeoutMs }]])),
      ),
    },
    make: {
      deadlineMs: (options) => exchangeDeadline(options),
      rateLimit: (options) => rateLimit(perCaller(options)) as AnyLayer,
      bulkhead: (options, kit) =>
        operationBulkheads(options as Partial<BulkheadOptions>, names, kit.list(bulkheadHandles)),
      fault: (options) => faultInjection(answering(options as FaultOptions, plans)) as AnyLayer,
    },
  };
}

/** Each exchange has one timer, which it sets before the first layer is asked: the layer only says for how long. */
function exchangeDeadline(options: Partial<DeadlineOptions>): AnyLayer {
  const { role, describe } = deadline(options);
  return { role, describe, wrap: (next) => next };
}

function perCaller(options: Partial<RateLimitOptions>): Partial<RateLimitOptions> {
  return { ...options, keyOf: options.keyOf ?? (({ caller }: ServedRequest) => caller) };
}

/** A made-up result is what the handler would have answered: of an operation with several answers one of them, with its status. */
function answering(options: FaultOptions, plans: ServedPlans['plans']): FaultOptions {
  const { result } = options;
  if (result === undefined) return options;
  const writers = new Map(
    plans.flatMap(({ id, name, answers }) => (answers ? [[name, new AnswerWriter(id, answers)]] : [])),
  );
  return {
    ...options,
    result: async (request: ServedRequest, ...more: never[]) => {
      const made: unknown = await (typeof result === 'function' ? result(request, ...more) : result);
      return writers.get(request.operation)?.write(made) ?? jsonAnswer(made);
    },
  };
}

/** An answer with a value as JSON. */
export function jsonAnswer(value: unknown): ServedAnswer {
  return {
    status: 200,
    contentType: 'application/json; charset=utf-8',
    body: jsonText(value) ?? 'null',
    headers: undefined,
  };
}
