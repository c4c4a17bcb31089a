/**
 * Policies before clients and servers, which make some layers in ways of their own: whatever the check of the options passes
 * can be built, of a fresh policy and of one whose options change while it is in use; all else is refused by the check.
 */
import { background, type CallContext, liveValue, makeEnv, OptionsError } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import {
  type PolicyKind,
  type PolicyOptions,
  type PolicyRegistry,
  type PolicySource,
  policyRegistry,
  type Scope,
} from '@fwk/resilience';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { shop } from '../fixtures/shop-contract.js';
import { QuotaReader } from '../quota/quota-reader.js';
import { serverKind } from '../serving/server-policy.js';
import { clientKind } from './client-policy.js';

let warnings: MockInstance;
beforeEach(() => {
  warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => warnings.mockRestore());

const ms = fc.constantFrom(0, 1, 5, 10, 50, 200, 1000, 2000, 6000, 70_000);
const count = fc.constantFrom(0, 1, 5, 10, 25, 50, 200);
const share = fc.constantFrom(0, 0.5, 1, 2);
const layer = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc.oneof({ weight: 8, arbitrary: fc.record(fields, { requiredKeys: [] }) }, fc.constant(false));

const layers: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  deadlineMs: fc.oneof(ms, fc.constant(false)),
  timeoutMs: fc.oneof(ms, fc.constant(false)),
  retry: layer({ maxAttempts: count, baseDelayMs: ms, maxDelayMs: ms, backoff: fc.constantFrom('fixed', [1, 5]) }),
  breaker: layer({ openMs: ms, maxOpenMs: ms, minimumCalls: count, windowCalls: count, windowMs: ms, slowCallMs: ms }),
  limit: layer({ minLimit: count, maxLimit: count, initialLimit: count, maxQueue: count }),
  rateLimit: layer({
    algorithm: fc.constantFrom('token-bucket', 'fixed-window'),
    burst: count,
    windowMs: ms,
    maxWaitMs: ms,
  }),
  bulkhead: layer({ maxConcurrent: count, maxQueue: count, maxWaitMs: ms }),
  hedge: layer({ delayMs: ms, maxExtraRatio: share }),
  cache: layer({ ttlMs: ms, maxEntries: count }),
  coalesce: layer({ maxKeys: count }),
  throttle: layer({ multiplier: count, maxDropRatio: share }),
  fault: layer({ enabled: fc.boolean(), ratio: share, latencyMs: ms, abort: fc.boolean() }),
};

const ofClient = Object.keys(layers);
const ofServer = ['deadlineMs', 'limit', 'rateLimit', 'bulkhead', 'fault'];

function optionsOf(fields: readonly string[]): fc.Arbitrary<PolicyOptions> {
  const own = fc.record(Object.fromEntries(fields.map((field) => [field, layers[field]!])), { requiredKeys: [] });
  // Few at a time: of many, one is nearly always wrong.
  const few = fc
    .tuple(own, fc.array(fc.constantFrom(...fields), { minLength: 1, maxLength: 3 }))
    .map(([all, kept]) => Object.fromEntries(Object.entries(all).filter(([field]) => kept.includes(field))));
  const operations = fc.option(fc.record({ item: few, order: few }, { requiredKeys: [] }), { nil: undefined });
  return fc
    .tuple(few, operations)
    .map(([whole, own]) => (own ? { ...whole, operations: own } : whole) as PolicyOptions);
}

const kinds: readonly [string, PolicyKind, readonly Scope[], readonly string[]][] = [
  ['client', clientKind('shop', shop.plans, new QuotaReader(fakeClock())), ['call', 'endpoint'], ofClient],
  ['server', serverKind(shop, 10_000), ['server'], ofServer],
];

describe.each(kinds)('a policy before a %s', (_, kind, scopes, fields) => {
  const inner = {
    call: (request: unknown, _context: CallContext) => Promise.resolve(request),
    status: () => 'ready' as const,
  };
  const request = {
    operation: kind.name === 'server' ? 'item' : { plan: shop.plans[0]! },
    caller: 'tests',
    headers: [],
  };

  /** Builds all its layers and begins a call, on a clock that stands. */
  async function used(policies: PolicyRegistry, between: () => void = () => {}) {
    using use = policies.use('shop', kind);
    const [first, second] = scopes.map((scope) => use.places<unknown, unknown>(scope));
    const clock = fakeClock();
    const env = makeEnv({ clock });
    const endpoint = second ? use.endpoint<unknown, unknown>('a', second).wrap(inner, env) : inner;
    const service = kind.name === 'server' ? use.server(first!, inner) : use.calls(first!).wrap(endpoint, env);
    between();
    const failed: unknown[] = [];
    service.call(request, background).catch((error: unknown) => failed.push(error));
    await clock.settle();
    expect(failed.filter((error) => error instanceof TypeError || error instanceof OptionsError)).toEqual([]);
    return use.describe(first!);
  }

  const registry = (policies: PolicySource) => policyRegistry(makeEnv({ clock: fakeClock() }), policies);

  const refusal = (options: PolicyOptions): OptionsError | undefined => {
    try {
      registry({ shop: options }).use('shop', kind)[Symbol.dispose]();
      return undefined;
    } catch (error) {
      if (error instanceof OptionsError) return error;
      throw error;
    }
  };

  test('is refused by its check, or built', async () => {
    await fc.assert(
      fc.asyncProperty(optionsOf(fields), async (options) => {
        const refused = refusal(options);
        // Layers have messages of their own, and would speak only if the check had passed what they do not take.
        if (refused) expect(refused.message).toMatch(/^(policy "shop"|policies): /);
        else await used(registry({ shop: options }));
      }),
      { numRuns: 100 },
    );
  });

  test('takes on what would be built, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(optionsOf(fields), optionsOf(fields), async (first, second) => {
        fc.pre(!refusal(first));
        const source = liveValue<Record<string, PolicyOptions>>({ shop: first });
        const policies = registry(source);
        const described = await used(policies, () => source.set({ shop: second }));
        const refused = refusal(second);
        expect(policies.refusal === undefined).toBe(refused === undefined);
        expect(described).toEqual(await used(registry({ shop: refused ? first : second })));
      }),
      { numRuns: 100 },
    );
  });
});
