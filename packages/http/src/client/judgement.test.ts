/** A client's layers judge by its one classifier, errors and answers alike. */
import { createMeter } from '@fwk/core';
import { type Classifier, defaultClassifier, verdicts } from '@fwk/kernel';
import { recordEvents } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import type { OperationResponse } from '../calling/operation-request.js';
import { shop } from '../fixtures/shop-contract.js';
import { wireUnderTest } from '../fixtures/wire-under-test.js';
import { serveContract } from '../testing/serve-contract.js';
import { problem } from '../wire/problem.js';
import type { RemoteError } from '../wire/remote-error.js';

/** A 500 of this callee says that there is nothing, and an answer of 0 that it does not know. */
const classifier: Classifier = {
  ofResult: (result) => ((result as OperationResponse).value === 0 ? verdicts.failure : verdicts.success),
  ofError: (error, context, request) =>
    (error as RemoteError).status === 500 ? verdicts.success : defaultClassifier.ofError(error, context, request),
};

const outcomes = (metrics: ReturnType<typeof createMeter>) =>
  Object.fromEntries(
    metrics
      .collect()
      .filter(({ name }) => name === 'http.client.operation.duration')
      .flatMap(({ samples }) => samples.map(({ labels, value }) => [labels.outcome, value])),
  );

test('an error that counts as a success opens no breaker, puts no endpoint out, and is measured as one', async () => {
  const [metrics, events] = [createMeter(), recordEvents()];
  const gone = () => {
    throw problem(500, 'Gone', 'nothing here');
  };
  await using served = await serveContract(
    shop,
    { item: gone, order: gone, tick: gone, forget: gone },
    {
      wire: wireUnderTest(),
      env: { metrics, events, classifier },
      client: { fallback: { tick: () => 7 }, timeoutMs: 10_000 },
    },
  );
  for (let call = 0; call < 40; call++) await expect(served.client.tick()).rejects.toMatchObject({ status: 500 });
  expect(outcomes(metrics)).toEqual({ success: 40, failure: 0, ignored: 0 });
  expect(events.names.filter((name) => /breaker|ejected|retry/.test(name))).toEqual([]);
});

test('an answer that counts as a failure reaches the fallback of its operation, and opens the breaker', async () => {
  const [metrics, events] = [createMeter(), recordEvents()];
  const seen: unknown[] = [];
  const handlers = {
    item: () => ({ id: 'a', size: 0 }),
    order: () => ({ order: '' }),
    tick: () => 0,
    forget: () => {},
  };
  const fallback = {
    tick: (error: unknown, { result }: { readonly result?: unknown }) => {
      seen.push([error, result]);
      return 7;
    },
  };
  await using served = await serveContract(shop, handlers, {
    wire: wireUnderTest(),
    env: { metrics, events, classifier },
    client: { fallback: fallback as never, retry: false, timeoutMs: 10_000 },
  });
  for (let call = 0; call < 25; call++) expect(await served.client.tick()).toBe(7);
  expect(seen[0]).toEqual([undefined, 0]);
  expect(events.names).toContain('breaker.opened');
  await using plain = await serveContract(shop, handlers, {
    wire: wireUnderTest(),
    env: { metrics: createMeter(), classifier },
    client: { timeoutMs: 10_000 },
  });
  expect(await plain.client.tick()).toBe(0);
});

test.each([
  ['no fallback of its own', { item: () => ({ id: 'b', size: 1 }) }],
  ['a fallback that hands it on', { tick: (_error: unknown, { result }: { readonly result?: unknown }) => result }],
])('an answer that counts as a failure, with %s, is no answer of a fallback', async (_what, fallback) => {
  const events = recordEvents();
  const handlers = {
    item: () => ({ id: 'a', size: 0 }),
    order: () => ({ order: '' }),
    tick: () => 0,
    forget: () => {},
  };
  await using served = await serveContract(shop, handlers, {
    wire: wireUnderTest(),
    env: { events, classifier },
    client: { fallback: fallback as never, retry: false, timeoutMs: 10_000 },
  });
  expect(await served.client.tick()).toBe(0);
  expect(events.names).not.toContain('fallback.answered');
});

test('an answer that counts as a failure is measured as one', async () => {
  const metrics = createMeter();
  const handlers = {
    item: () => ({ id: 'a', size: 0 }),
    order: () => ({ order: '' }),
    tick: () => 0,
    forget: () => {},
  };
  await using served = await serveContract(shop, handlers, {
    wire: wireUnderTest(),
    env: { metrics, classifier },
    client: { timeoutMs: 10_000 },
  });
  expect(await served.client.tick()).toBe(0);
  expect(outcomes(metrics)).toEqual({ success: 0, failure: 1, ignored: 0 });
});
