/** What the Hystrix dashboard reads of policies. The lists of fields are those that its scripts assert (1.5.18 and earlier). */
import { type Env, type FeedReader, isManagementFeed, makeEnv } from '@fwk/kernel';
import { componentBench, leakGuard } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { policy } from '../policy/policy.js';
import type { PolicyOptions } from '../policy/policy-options.js';
import { policyRegistryToken } from '../policy/policy-registry.js';
import { resilience } from '../policy/resilience.js';
import { hystrixTickMs } from './hystrix-stream.js';

const ofCommand = [
  ...[
    'reportingHosts',
    'type',
    'name',
    'group',
    'isCircuitBreakerOpen',
    'errorPercentage',
    'errorCount',
    'requestCount',
  ],
  ...['rollingCountCollapsedRequests', 'rollingCountExceptionsThrown', 'rollingCountFailure'],
  ...['rollingCountFallbackFailure', 'rollingCountFallbackRejection', 'rollingCountFallbackSuccess'],
  ...['rollingCountResponsesFromCache', 'rollingCountSemaphoreRejected', 'rollingCountShortCircuited'],
  ...['rollingCountSuccess', 'rollingCountThreadPoolRejected', 'rollingCountTimeout', 'rollingCountBadRequests'],
  ...['currentConcurrentExecutionCount', 'latencyExecute_mean', 'latencyExecute', 'latencyTotal_mean', 'latencyTotal'],
  'propertyValue_circuitBreakerRequestVolumeThreshold',
  'propertyValue_circuitBreakerSleepWindowInMilliseconds',
  'propertyValue_circuitBreakerErrorThresholdPercentage',
  'propertyValue_circuitBreakerForceOpen',
  'propertyValue_circuitBreakerForceClosed',
  'propertyValue_executionIsolationStrategy',
  'propertyValue_executionIsolationThreadTimeoutInMilliseconds',
  'propertyValue_executionIsolationThreadInterruptOnTimeout',
  'propertyValue_executionIsolationSemaphoreMaxConcurrentRequests',
  'propertyValue_fallbackIsolationSemaphoreMaxConcurrentRequests',
  'propertyValue_requestCacheEnabled',
  'propertyValue_requestLogEnabled',
  'propertyValue_metricsRollingStatisticalWindowInMilliseconds',
];
const ofPool = [
  ...[
    'type',
    'name',
    'currentActiveCount',
    'currentCompletedTaskCount',
    'currentCorePoolSize',
    'currentLargestPoolSize',
  ],
  ...[
    'currentMaximumPoolSize',
    'currentPoolSize',
    'currentQueueSize',
    'currentTaskCount',
    'rollingCountThreadsExecuted',
  ],
  ...['rollingMaxActiveThreads', 'reportingHosts', 'propertyValue_queueSizeRejectionThreshold'],
  'propertyValue_metricsRollingStatisticalWindowInMilliseconds',
];
const ofCollapser = [
  ...[
    'type',
    'name',
    'currentTime',
    'rollingCountRequestsBatched',
    'rollingCountBatches',
    'rollingCountResponsesFromCache',
  ],
  ...['batchSize_mean', 'batchSize', 'propertyValue_requestCacheEnabled', 'propertyValue_maxRequestsInBatch'],
  ...['propertyValue_timerDelayInMilliseconds', 'reportingHosts'],
];

type Message = Readonly<Record<string, unknown>>;

async function streamed(policies: Readonly<Record<string, PolicyOptions>> = {}) {
  const guard = leakGuard();
  const env: Env = makeEnv({ clock: guard.clock });
  const bench = componentBench(resilience({ policies }), { env });
  await bench.start();
  const listen = (query: Readonly<Record<string, string>> = {}) => {
    const feed = bench.manage('hystrix.stream', { query });
    if (!isManagementFeed(feed)) return expect.unreachable();
    const sent: string[] = [];
    const reader: FeedReader = { send: (text) => void sent.push(text) };
    const listening = feed.listen(reader);
    return {
      sent,
      /** The messages of the last time, by type. */
      last: (type: string): Message =>
        (sent.at(-1) ?? '')
          .split('\n\n')
          .filter((frame) => frame.startsWith('data: '))
          .map((frame) => JSON.parse(frame.slice('data: '.length)) as Message)
          .find((message) => message.type === type) ?? {},
      leave: () => listening[Symbol.dispose](),
    };
  };
  const registry = bench.get(policyRegistryToken);
  return { guard, clock: guard.clock, registry, listen, bench };
}

const down = () => Promise.reject(new Error('down'));

describe('a command', () => {
  test('has every field that the dashboard asserts, and all that Hystrix writes beside them', async () => {
    const { registry, listen, clock } = await streamed({ quote: { timeoutMs: 100, breaker: {}, bulkhead: {} } });
    await registry.named('quote').wrap(() => clock.advance(20))();
    const reader = listen();
    const command = reader.last('HystrixCommand');
    for (const field of ofCommand) expect([field, command[field] ?? undefined]).not.toEqual([field, undefined]);
    expect(command).toMatchObject({
      ...{ name: 'quote', group: 'function', currentTime: 1_700_000_000_020, threadPool: 'quote', reportingHosts: 1 },
      ...{ requestCount: 1, errorCount: 0, errorPercentage: 0, isCircuitBreakerOpen: false },
      ...{ rollingCountSuccess: 1, rollingCountEmit: 0, rollingCountFallbackEmit: 0, rollingCountFallbackMissing: 0 },
      ...{ latencyTotal_mean: 20, latencyExecute_mean: 20, rollingMaxConcurrentExecutionCount: 0 },
      propertyValue_circuitBreakerRequestVolumeThreshold: 20,
      propertyValue_circuitBreakerSleepWindowInMilliseconds: 5000,
      propertyValue_circuitBreakerErrorThresholdPercentage: 50,
      propertyValue_circuitBreakerForceOpen: false,
      propertyValue_circuitBreakerForceClosed: false,
      propertyValue_circuitBreakerEnabled: true,
      propertyValue_executionIsolationStrategy: 'SEMAPHORE',
      propertyValue_executionIsolationThreadTimeoutInMilliseconds: 100,
      propertyValue_executionTimeoutInMilliseconds: 100,
      propertyValue_executionIsolationThreadInterruptOnTimeout: true,
      propertyValue_executionIsolationThreadPoolKeyOverride: null,
      propertyValue_executionIsolationSemaphoreMaxConcurrentRequests: 25,
      propertyValue_metricsRollingStatisticalWindowInMilliseconds: 10_000,
    });
    for (const field of ['latencyExecute', 'latencyTotal']) {
      expect(command[field]).toEqual({ 0: 20, 25: 20, 50: 20, 75: 20, 90: 20, 95: 20, 99: 20, 99.5: 20, 100: 20 });
    }
    reader.leave();
  });

  test('counts each call by one ending, as Hystrix does', async () => {
    const { registry, listen, clock } = await streamed({
      quote: { timeoutMs: 100, bulkhead: { maxConcurrent: 1 }, fallback: { value: 'instead' } },
      charge: { breaker: { consecutiveFailures: 2 } },
    });
    const quote = registry.named('quote').wrap((work: () => unknown) => work());
    await quote(() => 'good');
    await quote(down);
    const hung = quote(() => new Promise(() => {}));
    await quote(() => 'no place');
    await clock.advance(100);
    await hung;
    const charge = registry.named('charge').wrap((work: () => unknown) => work());
    for (let index = 0; index < 3; index++) await charge(down).catch(() => {});
    const reader = listen();
    const [first, second] = reader.sent[0]?.split('\n\n').map((frame) => frame.slice('data: '.length)) ?? [];
    expect(JSON.parse(first ?? '')).toMatchObject({
      ...{ name: 'quote', requestCount: 4, errorCount: 3, errorPercentage: 75 },
      ...{ rollingCountSuccess: 1, rollingCountFailure: 1, rollingCountTimeout: 1, rollingCountSemaphoreRejected: 1 },
      ...{ rollingCountFallbackSuccess: 3, rollingCountFallbackMissing: 0, rollingCountExceptionsThrown: 0 },
    });
    // A pool stands between them.
    const [charged] = reader.sent[0]?.split('\n\n').filter((frame) => frame.includes('"name":"charge"')) ?? [];
    expect(second).toContain('HystrixThreadPool');
    expect(JSON.parse(charged?.slice('data: '.length) ?? '')).toMatchObject({
      ...{ requestCount: 3, errorCount: 3, errorPercentage: 100, isCircuitBreakerOpen: true },
      ...{ rollingCountFailure: 2, rollingCountShortCircuited: 1, rollingCountExceptionsThrown: 3 },
      rollingCountFallbackMissing: 3,
    });
    reader.leave();
  });

  test('takes a retry for what made it necessary, so that a call which succeeds in the end is no error', async () => {
    const { registry, listen, clock } = await streamed({
      quote: { retry: { maxAttempts: 2, baseDelayMs: 0, budget: { ratio: 1, reservePerSecond: 100 } } },
    });
    let times = 0;
    const call = registry.named('quote').wrap(() => (times++ === 0 ? down() : 'good'))();
    await clock.advance(1000);
    await call;
    const reader = listen();
    expect(reader.last('HystrixCommand')).toMatchObject({ requestCount: 1, errorCount: 0, rollingCountFailure: 0 });
    reader.leave();
  });

  test('shows what an operator has set by hand', async () => {
    const { registry, listen } = await streamed({ quote: { breaker: {} } });
    const quote = registry.named('quote').wrap(() => 'good');
    await quote();
    const states = [];
    for (const state of ['forced-open', 'forced-closed', 'disabled'] as const) {
      registry.force('quote', state);
      const reader = listen();
      const command = reader.last('HystrixCommand');
      states.push([
        ...[command.isCircuitBreakerOpen, command.propertyValue_circuitBreakerForceOpen],
        ...[command.propertyValue_circuitBreakerForceClosed, command.propertyValue_circuitBreakerEnabled],
      ]);
      reader.leave();
    }
    expect(states).toEqual([
      [true, true, false, true],
      [false, false, true, true],
      [false, false, false, false],
    ]);
  });

  test('without layers has numbers all the same', async () => {
    const { registry, listen } = await streamed({ plain: {} });
    registry.named('plain');
    const reader = listen();
    const command = reader.last('HystrixCommand');
    for (const field of ofCommand) expect([field, command[field] ?? undefined]).not.toEqual([field, undefined]);
    expect(command).toMatchObject({ requestCount: 0, errorPercentage: 0, propertyValue_circuitBreakerEnabled: false });
    reader.leave();
  });
});

test('bulkheads are a thread pool, with every field that the dashboard asserts', async () => {
  const { registry, listen, clock } = await streamed({ 'a/b c': { bulkhead: { maxConcurrent: 2, maxQueue: 3 } } });
  let release = () => {};
  const blocked = new Promise<void>((resolve) => {
    release = resolve;
  });
  const quote = registry.named('a/b c').wrap(() => blocked);
  const calls = [quote(), quote(), quote()];
  const reader = listen();
  const pool = reader.last('HystrixThreadPool');
  for (const field of ofPool) expect([field, pool[field] ?? undefined]).not.toEqual([field, undefined]);
  expect(pool).toMatchObject({
    // Other characters would mean something in the selectors of the dashboard.
    ...{ name: 'a_b_c', currentActiveCount: 2, currentQueueSize: 1, currentPoolSize: 2, currentMaximumPoolSize: 2 },
    ...{ currentTaskCount: 3, rollingCountThreadsExecuted: 0, rollingMaxActiveThreads: 2 },
    propertyValue_queueSizeRejectionThreshold: 3,
  });
  release();
  await Promise.all(calls);
  await clock.advance(hystrixTickMs);
  expect(reader.last('HystrixThreadPool')).toMatchObject({
    ...{ currentActiveCount: 0, currentQueueSize: 0, currentCompletedTaskCount: 3, rollingCountThreadsExecuted: 3 },
    rollingMaxActiveThreads: 2,
  });
  reader.leave();
});

test('calls that share an answer are a collapser', async () => {
  const { registry, listen } = await streamed();
  const shared = policy('shared', { coalesce: { keyOf: () => 'one' } }, registry.env);
  registry.add(shared);
  const call = shared.wrap(async () => 'answer');
  await Promise.all([call(), call(), call()]);
  const reader = listen();
  const collapser = reader.last('HystrixCollapser');
  for (const field of ofCollapser) expect([field, collapser[field] ?? undefined]).not.toEqual([field, undefined]);
  expect(collapser).toMatchObject({ rollingCountRequestsBatched: 3, rollingCountBatches: 1, batchSize_mean: 3 });
  expect(reader.last('HystrixCommand')).toMatchObject({ rollingCountCollapsedRequests: 2, rollingCountSuccess: 3 });
  reader.leave();
});

describe('the stream', () => {
  test('is sent twice a second, by one timer for all readers, which goes with the last of them', async () => {
    const { registry, listen, clock, guard } = await streamed({ quote: {} });
    registry.named('quote');
    const before = clock.pending;
    const [one, other] = [listen(), listen()];
    expect(clock.pending).toBe(before + 1);
    await clock.advance(2 * hystrixTickMs);
    expect([one.sent.length, other.sent.length]).toEqual([3, 3]);
    one.leave();
    await clock.advance(hystrixTickMs);
    expect([one.sent.length, other.sent.length]).toEqual([3, 4]);
    other.leave();
    expect(clock.pending).toBe(before);
    await clock.advance(10 * hystrixTickMs);
    expect(other.sent.length).toBe(4);
    guard.check();
  });

  test('is sent less often to a reader who asks for that', async () => {
    const { registry, listen, clock } = await streamed({ quote: {} });
    registry.named('quote');
    const readers = ['2000', '1', '-1', 'x', '', '999999'].map((delay) => listen({ delay }));
    await clock.advance(4000);
    expect(readers.map(({ sent }) => sent.length)).toEqual([3, 9, 9, 9, 9, 1]);
    for (const { leave } of readers) leave();
  });

  test('is a comment while there are no policies', async () => {
    const { listen, clock } = await streamed();
    const reader = listen();
    await clock.advance(hystrixTickMs);
    expect(reader.sent).toEqual([': ping\n\n', ': ping\n\n']);
    reader.leave();
  });

  test('writes the same text for all readers once', async () => {
    const { registry, listen, clock } = await streamed({ quote: {} });
    registry.named('quote');
    const [one, other] = [listen(), listen()];
    await clock.advance(hystrixTickMs);
    expect(one.sent.at(-1)).toBe(other.sent.at(-1));
    one.leave();
    other.leave();
  });

  test('forgets what it remembered of policies once nobody reads', async () => {
    const { registry, listen, clock } = await streamed({ quote: {} });
    let release = () => {};
    const running = registry.named('quote').wrap(
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    )();
    const reader = listen();
    release();
    await running;
    await clock.advance(hystrixTickMs);
    expect(reader.last('HystrixCommand')).toMatchObject({
      currentConcurrentExecutionCount: 0,
      rollingMaxConcurrentExecutionCount: 1,
    });
    reader.leave();
    const later = listen();
    expect(later.last('HystrixCommand')).toMatchObject({ rollingMaxConcurrentExecutionCount: 0 });
    later.leave();
  });
});
