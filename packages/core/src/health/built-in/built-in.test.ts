/** What the process says of itself. */
import type { HealthReport } from '@fwk/kernel';
import { background } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import type { BuiltInIndicator } from '../check-plan.js';
import { checkHealthSettings, healthDefaults, type OverloadSettings } from '../health-settings.js';
import { builtInIndicators } from './built-in-indicators.js';
import { diskIndicator } from './disk.js';
import { eventLoopIndicator } from './event-loop.js';
import { loopWatch } from './loop-watch.js';
import { memoryIndicator, readMemory } from './memory.js';
import { overloadIndicator } from './overload.js';

const ask = async (indicator: BuiltInIndicator) => (await indicator.check(background)) as HealthReport;

describe('the event loop', () => {
  test.each([
    [{ lagMs: 200, longestLagMs: 900, utilization: 0.98 }, 'UP', undefined],
    [{ lagMs: 201, longestLagMs: 900, utilization: 0.1 }, 'DEGRADED', /201 ms late.*above 200 ms/],
    [{ lagMs: 1, longestLagMs: 1, utilization: 0.99 }, 'DEGRADED', /busy 0.99 of the time, above 0.98/],
    [{ lagMs: undefined, longestLagMs: undefined, utilization: 0.2 }, 'UP', undefined],
  ])('%j is %s', async (reading, status, reason) => {
    const report = await ask(
      eventLoopIndicator(
        () => healthDefaults.eventLoop,
        () => reading,
      ),
    );
    expect(report.status).toBe(status);
    expect(report.details?.reason ?? '').toMatch(reason ?? /^$/);
    expect(report.details?.utilization).toBe(reading.utilization);
  });

  test('is really measured: a loop that is held shows lag and use, and is forgotten after two looks', async () => {
    using watch = loopWatch();
    await new Promise((resolve) => setTimeout(resolve, 50));
    watch.read();
    const endMs = performance.now() + 300;
    while (performance.now() < endMs);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const held = watch.read();
    expect(held.longestLagMs).toBeGreaterThan(150);
    expect(held.utilization).toBeGreaterThan(0.5);
    watch.read();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(watch.read().longestLagMs).toBeLessThan(held.longestLagMs ?? 0);
  });
});

describe('memory', () => {
  const reading = { heapUsed: 50, heapLimit: 100, resident: 70, containerLimit: 0 };

  test.each([
    [{}, 'UP', undefined],
    [{ heapUsed: 93 }, 'DEGRADED', /the heap takes 93 % of the limit, above 92 %/],
    [{ containerLimit: 75 }, 'DEGRADED', /the process takes 93 % of the limit of its container/],
    [{ containerLimit: 80 }, 'UP', undefined],
    [{ heapLimit: 0 }, 'UP', undefined],
  ])('%j is %s', async (change, status, reason) => {
    const report = await ask(
      memoryIndicator(
        () => healthDefaults.memory,
        () => ({ ...reading, ...change }),
      ),
    );
    expect(report.status).toBe(status);
    expect(report.details?.reason ?? '').toMatch(reason ?? /^$/);
  });

  test('is really read, and a limit that no machine has is none', () => {
    const { heapUsed, heapLimit, resident, containerLimit } = readMemory();
    expect(heapUsed).toBeGreaterThan(1e6);
    expect(heapLimit).toBeGreaterThan(heapUsed);
    expect(resident).toBeGreaterThan(1e6);
    expect(containerLimit).toBeGreaterThanOrEqual(0);
    expect(containerLimit).toBeLessThan(1e15);
  });
});

describe('the disk', () => {
  test('is DEGRADED when less than wanted is free, and says how much is', async () => {
    const limits = () => ({ path: '/data', freeBytes: 4096 });
    const read = async () => ({ bsize: 1024, blocks: 100, bavail: 3 });
    expect(await ask(diskIndicator(limits, read))).toEqual({
      status: 'DEGRADED',
      details: {
        path: '/data',
        freeBytes: 3072,
        totalBytes: 102_400,
        reason: '3072 bytes are free on the disk of "/data", less than 4096',
      },
    });
    expect((await ask(diskIndicator(limits, async () => ({ bsize: 1024, blocks: 100, bavail: 4 })))).status).toBe('UP');
  });

  test('is really read; a folder that does not exist fails the check', async () => {
    const { details } = await ask(diskIndicator(() => ({ path: '.', freeBytes: 0 })));
    expect(details?.totalBytes).toBeGreaterThan(0);
    await expect(ask(diskIndicator(() => ({ path: '/no/such/folder', freeBytes: 0 })))).rejects.toThrow('ENOENT');
  });
});

describe('overload', () => {
  function build(given: Partial<OverloadSettings>) {
    const clock = fakeClock();
    const { overload } = checkHealthSettings({ overload: given });
    const figures = { lagMs: 0, utilization: 0, inFlight: 0 };
    const indicator = overloadIndicator(
      clock,
      () => overload,
      () => figures,
    );
    const look = async (change: Partial<typeof figures>, afterMs = 1000) => {
      await clock.advance(afterMs);
      Object.assign(figures, change);
      return ask(indicator);
    };
    return { look, indicator };
  }

  test('takes the instance out after three seconds above a limit, and back after five clearly below', async () => {
    const { look } = build({ lagMs: 100 });
    const statuses: string[] = [];
    for (const lagMs of [50, 150, 150, 150, 150, 90, 90, 79, 79, 90, 79, 79, 79, 79, 79, 79, 79]) {
      statuses.push((await look({ lagMs })).status);
    }
    const out = 'OUT_OF_SERVICE';
    expect(statuses).toEqual([...Array(4).fill('UP'), ...Array(11).fill(out), 'UP', 'UP']);
  });

  test('does not flap when figures go up and down round the limit', async () => {
    const { look } = build({ inFlight: 100 });
    const statuses = new Set<string>();
    for (let round = 0; round < 50; round++)
      statuses.add((await look({ inFlight: round % 2 === 0 ? 101 : 99 })).status);
    expect([...statuses]).toEqual(['UP']);
  });

  test('a single stall, as after a process was frozen, takes nothing out', async () => {
    const { look } = build({ lagMs: 100, utilization: 0.9 });
    expect((await look({ lagMs: 60_000, utilization: 1 })).status).toBe('UP');
    for (let second = 0; second < 10; second++) expect((await look({ lagMs: 0, utilization: 0.1 })).status).toBe('UP');
  });

  test('the time in which a process stood still counts as one look, also where it was slow before', async () => {
    const { look } = build({ lagMs: 100 });
    const statuses = new Set<string>();
    statuses.add((await look({ lagMs: 150 })).status);
    // Seen twice, since two measurements overlap.
    statuses.add((await look({ lagMs: 60_000 }, 60_000)).status);
    statuses.add((await look({ lagMs: 60_000 })).status);
    for (let second = 0; second < 5; second++) statuses.add((await look({ lagMs: 0 })).status);
    expect([...statuses]).toEqual(['UP']);
  });

  test('says which figure, what was measured and the limit', async () => {
    const { look } = build({ inFlight: 10, afterMs: 0 });
    expect(await look({ inFlight: 11 })).toMatchObject({
      status: 'OUT_OF_SERVICE',
      details: { inFlight: 11, reason: 'calls in flight are 11; the limit is 10' },
    });
    expect((await look({ inFlight: 3 })).details?.reason).toMatch(/ready when they stay so for 5000 ms/);
  });

  test('is looked at only where settings ask for it', () => {
    const { indicator } = build({});
    expect([
      indicator.enabledBy?.(healthDefaults),
      indicator.enabledBy?.(checkHealthSettings({ overload: { lagMs: 100 } })),
    ]).toEqual([false, true]);
  });
});

test('the checks of the process count for no probe, but for overload', () => {
  using checks = builtInIndicators({ clock: fakeClock(), settings: () => healthDefaults, inFlight: () => 0 });
  expect(checks.all.map(({ name, groups }) => [name, groups])).toEqual([
    ['event-loop', []],
    ['memory', []],
    ['disk', []],
    ['overload', ['readiness']],
  ]);
});
