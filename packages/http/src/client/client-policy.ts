/**
 * What a policy means before a client: what is in force where nobody says otherwise, what the contract says of its
 * operations, and the layers that are made in a way of their own.
 */
import { type AnyLayer, currentOf } from '@fwk/kernel';
import {
  breakerHandles,
  type CacheOptions,
  type CoalesceOptions,
  cache,
  coalesce,
  type FallbackEntry,
  type FallbackHandler,
  type HedgeOptions,
  hedge,
  type PolicyKind,
  type PolicyOperations,
  type PolicyOptions,
  type RateLimitOptions,
  rateLimit,
} from '@fwk/resilience';
import type { OperationRequest } from '../calling/operation-request.js';
import type { OperationPlan } from '../contract/contract.js';
import type { QuotaReader } from '../quota/quota-reader.js';
import { clientFields } from './client-fields.js';
import { clientDefaults, endpointBreakerDefaults } from './client-options.js';
import { endpointBreakers } from './endpoint-breakers.js';
import { onlyFor } from './only-for.js';
import { operationFallbacks } from './operation-fallback.js';

/**
 * Makes the kind of policy that stands before a client.
 * @param service - the callee's name.
 * @param plans - its operations.
 * @param quota - of the callee, which hears its answers.
 * @param variesByCaller - whether answers may differ from caller to caller in a way that requests do not show.
 */
export function clientKind(
  service: string,
  plans: readonly OperationPlan[],
  quota: QuotaReader,
  variesByCaller = false,
): PolicyKind {
  const { wire, balancer, ejection, routing, deadlineMs, timeoutMs, retry, breaker } = clientDefaults;
  return {
    name: 'client',
    label: service,
    scopes: ['call', 'endpoint'],
    builtIn: { wire, balancer, ejection, routing, deadlineMs, timeoutMs, retry, breaker },
    fields: clientFields,
    assumed: { breaker: endpointBreakerDefaults },
    operations: operationsOf(plans),
    completes: { cache: { keyOf: readKey }, coalesce: { keyOf: readKey } },
    knowsIdempotence: true,
    contradictions: (options) => [...unknownRepeats(options, plans), ...(variesByCaller ? sharedAnswers(options) : [])],
    make: {
      fallback: (options) => operationFallbacks((options as { readonly handlers: Fallbacks }).handlers),
      cache: (options) => forReads(options, (whole) => cache(whole as CacheOptions)),
      coalesce: (options) => forReads(options, (whole) => coalesce(whole as CoalesceOptions)),
      // Attempts with an idempotency key go one after the other: two at once would be at two instances.
      hedge: (options) =>
        onlyFor(hedge(options as Partial<HedgeOptions>), (request) => isWithoutKey(request) && isWhole(request)),
      rateLimit: (options) => followedRateLimit(options, quota),
      breaker: (options, kit) => endpointBreakers(service, options, kit.list(breakerHandles)),
    },
  };
}

/** A rate limit that keeps the callee's quota where it is asked to. */
export function followedRateLimit(options: Partial<RateLimitOptions>, quota: QuotaReader): AnyLayer {
  return rateLimit(options, options.followQuota ? quota.follow() : undefined) as AnyLayer;
}

/** Operations that cannot be meant. */
function unknownRepeats({ failover }: PolicyOptions, plans: readonly OperationPlan[]): readonly string[] {
  const { repeat }: { readonly repeat?: unknown } = Object(currentOf(failover));
  const unknown = (Array.isArray(repeat) ? repeat : []).filter((name) => !plans.some((plan) => plan.name === name));
  return unknown.map((name) => `failover.repeat has ${JSON.stringify(name)}, which the contract does not have`);
}

/** Layers that would give the answer of one caller to another. */
function sharedAnswers(options: PolicyOptions): readonly string[] {
  const without = (['cache', 'coalesce'] as const).filter((field) => {
    const given: unknown = options[field];
    return typeof given === 'object' && given !== null && !('keyOf' in given && given.keyOf);
  });
  return without.map(
    (field) =>
      `${field} needs a keyOf where headers is a function: answers may differ by the headers, so give ` +
      `${field}: { keyOf } where the client is made, whose key says for whom the call is`,
  );
}

type Fallbacks = FallbackHandler | FallbackEntry | readonly (FallbackHandler | FallbackEntry)[];

function operationsOf(plans: readonly OperationPlan[]): PolicyOperations {
  return {
    names: plans.map(({ name }) => name),
    nameOf: (request) => (request as OperationRequest).operation.plan.name,
    options: Object.fromEntries(
      plans.flatMap(({ name, timeoutMs, bodyStream }): [string, PolicyOptions][] => {
        // A body takes as long as its items come: it has limits of its own.
        if (bodyStream) return [[name, { timeoutMs: false, deadlineMs: false }]];
        return timeoutMs === undefined ? [] : [[name, { timeoutMs }]];
      }),
    ),
  };
}

/** Without a `keyOf` of its own a layer that answers several calls by one answer is only for what reads, by operation and path. */
function forReads(options: object, make: (options: object) => AnyLayer): AnyLayer {
  if ('keyOf' in options && options.keyOf !== undefined) return onlyFor(make(options), isWhole);
  return onlyFor(make({ ...options, keyOf: readKey }), isRead);
}

/** Headers that the caller gave may decide on the answer; those of the client are the same for all its calls. */
function readKey({ operation, path, headers }: OperationRequest): string {
  const key = `${operation.plan.name} ${path}`;
  return headers === operation.headers ? key : `${key}\n${headers.join('\n')}`;
}

function isRead({ operation }: OperationRequest): boolean {
  return operation.plan.method === 'GET' && isWhole({ operation });
}

/** A stream has one reader. */
function isWhole({ operation }: Pick<OperationRequest, 'operation'>): boolean {
  return !operation.plan.stream && !operation.plan.bodyStream;
}

function isWithoutKey({ idempotencyKey }: OperationRequest): boolean {
  return idempotencyKey === undefined;
}
