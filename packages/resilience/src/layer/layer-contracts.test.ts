import type { Layer } from '@fwk/kernel';
import { layerContract } from '@fwk/kernel/testing';
import { describe, test } from 'vitest';
import {
  adaptiveLimit,
  attemptTimeout,
  bulkhead,
  cache,
  circuitBreaker,
  coalesce,
  deadline,
  fallback,
  faultInjection,
  hedge,
  policy,
  policyRegistry,
  rateLimit,
  retry,
  throttle,
} from '../index.js';

const usual = { deadlineMs: 5000, timeoutMs: 1000, retry: {}, breaker: {}, bulkhead: {} };

const layers: Readonly<Record<string, () => Layer<string, number>>> = {
  deadline: () => deadline(),
  attemptTimeout: () => attemptTimeout(),
  'attemptTimeout that waits': () => attemptTimeout({ mode: 'cooperative' }),
  retry: () => retry(),
  'retry with a list of pauses': () => retry({ backoff: [1, 2], maxAttempts: 1 }),
  circuitBreaker: () => circuitBreaker(),
  'circuitBreaker by key': () => circuitBreaker({ keyOf: (request: string) => request }),
  'circuitBreaker that warms up': () => circuitBreaker({ warmUpMs: 1000, halfOpenFailureRatio: 0.5 }),
  bulkhead: () => bulkhead(),
  'bulkhead with a longest wait': () => bulkhead({ maxQueue: 5, maxWaitMs: 50 }),
  rateLimit: () => rateLimit(),
  'rateLimit by key': () => rateLimit({ keyOf: (request: string) => request }),
  'rateLimit by a sliding window': () => rateLimit({ algorithm: 'sliding-window' }),
  'rateLimit by a fixed window': () => rateLimit({ algorithm: 'fixed-window' }),
  throttle: () => throttle(),
  adaptiveLimit: () => adaptiveLimit(),
  'adaptiveLimit with a line and partitions': () =>
    adaptiveLimit({ maxQueue: 5, partitions: { partitionOf: (request: string) => request, shares: { request: 0.5 } } }),
  hedge: () => hedge(),
  'hedge after a fixed delay': () => hedge({ delayMs: 5, maxExtraRatio: 1 }),
  'hedge with several attempts': () => hedge({ delayMs: 5, maxExtraRatio: 1, maxHedges: 3 }),
  'faultInjection that is off': () => faultInjection({ ratio: 1, error: true }),
  'faultInjection that meets no call': () => faultInjection({ enabled: true, ratio: 0, error: true }),
  cache: () => cache({ keyOf: (request: string) => request, ttlMs: 1000 }),
  'fallback that rethrows': () =>
    fallback((error) => {
      throw error;
    }),
  policy: () => policy('all', usual),
  'policy without layers': () => policy('none'),
  'named policy': () => policyRegistry(undefined, { all: usual }).named('all'),
};

describe.each(Object.entries(layers))('%s', (_name, layer) => {
  for (const { name, run } of layerContract({ layer, request: 'request', answer: 7 })) test(name, run);
});

describe('coalesce', () => {
  const layer = () => coalesce({ keyOf: (request: string) => request });
  const suite = layerContract<string, number>({ layer, request: 'request', answer: 7, sharesCalls: true });
  for (const { name, run } of suite) test(name, run);
});

describe('fallback', () => {
  const layer = () => fallback(() => 8);
  const suite = layerContract<string, number>({ layer, request: 'request', answer: 7, hidesErrors: true });
  for (const { name, run } of suite) test(name, run);
});
