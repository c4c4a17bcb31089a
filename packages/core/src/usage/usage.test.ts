import { fakeClock } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMeter } from '../metrics/meter.js';
import { flushUsage } from './flush-usage.js';
import { createUsage, type UnreadUsage, type Usage } from './usage.js';
import type { UsedCall } from './usage-account.js';
import type { UsageOptions } from './usage-options.js';
import type { UsageRow } from './usage-period.js';

const owner = { service: 'shop', instance: 'shop-1', boot: 'b1' };
const used: UsedCall = {
  caller: 'web',
  proven: false,
  timeMs: 2,
  failed: false,
  requestBytes: 10,
  responseBytes: 100,
};

function ledger(options: Partial<UsageOptions> = {}) {
  const clock = fakeClock(0, Date.parse('2026-03-01T10:00:20Z'));
  const metrics = createMeter({ clock });
  const usage = createUsage(owner, metrics, { clock, ...options });
  const account = usage.account('shop.buy');
  const call = (change: Partial<UsedCall> = {}) => account.add({ ...used, ...change }, clock.now());
  const value = async (name: string) =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec((await metrics.expose()).body)?.[1]);
  return { clock, metrics, usage, account, call, value };
}

const callsOf = (rows: readonly UsageRow[]) => rows.reduce((sum, { calls }) => sum + calls, 0);

describe('a period', () => {
  test('has the sums of each caller and operation, and ends at a full minute', async () => {
    const { clock, usage, call } = ledger();
    call();
    call({ timeMs: 3.5, failed: true, requestBytes: 0, responseBytes: 7 });
    call({ caller: 'mobile', proven: true });
    call({ caller: undefined });
    usage.account('shop.look').add(used, clock.now());
    expect(usage.read().periods).toEqual([]);
    await clock.advance(40_000);
    const row = { caller: 'web', callerFrom: 'claim', operation: 'shop.buy' };
    const one = { calls: 1, failed: 0, timeMs: 2, requestBytes: 10, responseBytes: 100 };
    expect(usage.read()).toEqual({
      ...owner,
      acknowledged: 0,
      more: false,
      periods: [
        {
          sequence: 1,
          start: '2026-03-01T10:00:20.000Z',
          end: '2026-03-01T10:01:00.000Z',
          rows: [
            { ...row, caller: 'mobile', callerFrom: 'certificate', ...one },
            { ...row, calls: 2, failed: 1, timeMs: 5.5, requestBytes: 10, responseBytes: 107 },
            { ...row, caller: '', callerFrom: 'none', ...one },
            { ...row, operation: 'shop.look', ...one },
          ],
        },
      ],
    });
  });

  test('without calls has no number, and its time belongs to none', async () => {
    const { clock, usage, call } = ledger();
    call();
    await clock.advance(3_600_000);
    call();
    await clock.advance(60_000);
    const { periods } = usage.read();
    expect(periods.map(({ sequence, start, end }) => [sequence, start.slice(11, 19), end.slice(11, 19)])).toEqual([
      [1, '10:00:20', '10:01:00'],
      [2, '11:00:00', '11:01:00'],
    ]);
  });

  test('is closed by the first call after its end, which belongs to the next', async () => {
    const { clock, usage, call } = ledger();
    call();
    await clock.advance(40_000);
    call();
    call();
    expect(usage.read().periods.map(({ rows }) => callsOf(rows))).toEqual([1]);
  });
});

describe('a reader', () => {
  async function threePeriods(options: Partial<UsageOptions> = {}) {
    const made = ledger(options);
    for (let count = 1; count <= 3; count++) {
      for (let at = 0; at < count; at++) made.call();
      await made.clock.advance(60_000);
    }
    return made;
  }
  const sequences = (usage: Usage, after?: number) => usage.read(after).periods.map(({ sequence }) => sequence);

  test('that fails before it acknowledges reads the same again', async () => {
    const { usage } = await threePeriods();
    expect(usage.read()).toEqual(usage.read());
    expect(sequences(usage)).toEqual([1, 2, 3]);
    usage.acknowledge(2);
    expect(sequences(usage)).toEqual([3]);
    expect(usage.acknowledge(1)).toBe(2);
    expect(usage.acknowledge(2)).toBe(2);
    expect(sequences(usage, 3)).toEqual([]);
  });

  test('may go on from what it has without acknowledging', async () => {
    const { usage } = await threePeriods();
    expect(sequences(usage, 1)).toEqual([2, 3]);
    expect(sequences(usage, 0)).toEqual([1, 2, 3]);
  });

  test('gets a bounded answer that says there is more', async () => {
    const { clock, usage, call } = ledger({ maxRows: 3000 });
    for (let period = 0; period < 3; period++) {
      for (let at = 0; at < 3000; at++) call({ caller: `caller ${at}` });
      await clock.advance(60_000);
    }
    const first = usage.read();
    expect([first.periods.length, first.more]).toEqual([1, true]);
    const last = usage.read(2);
    expect([last.periods.length, last.more]).toEqual([1, false]);
  });

  test('that never comes costs bounded memory and no call: the open period grows until there is room', async () => {
    const { clock, usage, call, value } = ledger({ maxPeriods: 3 });
    for (let minute = 0; minute < 100; minute++) {
      call();
      await clock.advance(60_000);
    }
    expect(await value('fwk_usage_periods')).toBe(3);
    expect(usage.read().periods.map(({ rows }) => callsOf(rows))).toEqual([1, 1, 1]);
    usage.acknowledge(3);
    await clock.advance(60_000);
    const { periods } = usage.read();
    expect(periods.map(({ sequence, rows }) => [sequence, callsOf(rows)])).toEqual([[4, 97]]);
    expect(Date.parse(periods[0]?.end ?? '') - Date.parse(periods[0]?.start ?? '')).toBeGreaterThanOrEqual(97 * 60_000);
  });
});

describe('callers', () => {
  test('that are too many are counted without their names, and do not push out those that are proven', async () => {
    const { clock, usage, call, value } = ledger({ maxRows: 10 });
    for (let at = 0; at < 10_000; at++) call({ caller: `claimed ${at}` });
    for (let at = 0; at < 10; at++) call({ caller: `proven ${at}`, proven: true });
    await clock.advance(60_000);
    const rows = usage.read().periods[0]?.rows ?? [];
    expect(rows.length).toBe(21);
    expect(rows.filter(({ callerFrom }) => callerFrom === 'certificate').length).toBe(10);
    expect(rows.find(({ callerFrom }) => callerFrom === 'folded')?.calls).toBe(9990);
    expect(callsOf(rows)).toBe(10_010);
    expect(await value('fwk_usage_folded_total')).toBe(9990);
    // The next period has room again.
    call({ caller: 'claimed 5000' });
    await clock.advance(60_000);
    expect(usage.read(1).periods[0]?.rows[0]?.caller).toBe('claimed 5000');
  });

  test('keep the first 128 characters of a name of 1 MB', async () => {
    const { clock, usage, call } = ledger();
    for (let at = 0; at < 5; at++) call({ caller: 'x'.repeat(1_000_000) });
    await clock.advance(60_000);
    expect(usage.read().periods[0]?.rows).toMatchObject([{ caller: 'x'.repeat(128), calls: 5 }]);
  });

  test('of one name are different where only one is proven', async () => {
    const { clock, usage, call } = ledger();
    call();
    call({ proven: true });
    await clock.advance(60_000);
    expect(usage.read().periods[0]?.rows.map(({ callerFrom }) => callerFrom)).toEqual(['certificate', 'claim']);
  });
});

test('whatever happens, each call is handed over exactly once', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('call' as const), caller: fc.constantFrom('a', 'b', 'c', undefined) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 200_000 }) }),
    fc.record({ kind: fc.constant('read' as const), acknowledge: fc.boolean(), fails: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { clock, usage, call } = ledger({ maxPeriods: 2, maxRows: 2 });
      const billed = new Map<number, number>();
      let made = 0;
      for (const each of steps) {
        if (each.kind === 'wait') await clock.advance(each.ms);
        else if (each.kind === 'call') {
          call({ caller: each.caller });
          made++;
        } else {
          const { periods } = usage.read();
          if (each.fails) continue;
          for (const { sequence, rows } of periods) billed.set(sequence, callsOf(rows));
          if (each.acknowledge) usage.acknowledge(periods.at(-1)?.sequence ?? 0);
        }
      }
      let rest = 0;
      for (const { firstSequence, sequence, rows } of usage.drain()) {
        if (billed.has(sequence)) expect(billed.get(sequence)).toBe(callsOf(rows));
        else {
          for (let at = firstSequence; at <= sequence; at++) expect(billed.has(at)).toBe(false);
          rest += callsOf(rows);
        }
      }
      expect([...billed.values()].reduce((sum, calls) => sum + calls, 0) + rest).toBe(made);
      expect(usage.drain()).toEqual([]);
    }),
  );
});

describe('at the stop', () => {
  function lines() {
    const written: Record<string, unknown>[] = [];
    const messages = new Set<string>();
    const write = (fields: object, message: string) => {
      written.push(fields as Record<string, unknown>);
      messages.add(message);
    };
    const logger = { debug: write, info: write, warn: write, error: write, child: () => logger };
    return { written, messages, logger };
  }

  test('the open period and what nobody read are written to the log in lines of 50 rows', async () => {
    const { clock, usage, call } = ledger();
    for (let at = 0; at < 120; at++) call({ caller: `caller ${at}` });
    await clock.advance(60_000);
    call({ caller: 'caller 7' });
    const { written, messages, logger } = lines();
    await flushUsage(usage, undefined, logger);
    // A logger leaves out lines that repeat a message.
    expect(messages.size).toBe(written.length);
    const parts = written.map(({ usage: part }) => part as UnreadUsage & { part: number; parts: number });
    expect(parts.map(({ part, parts: all, rows }) => [part, all, rows.length])).toEqual([
      [1, 3, 50],
      [2, 3, 50],
      [3, 3, 20],
    ]);
    expect(parts[0]).toMatchObject({ ...owner, firstSequence: 1, sequence: 2 });
    expect(callsOf(parts.flatMap(({ rows }) => rows))).toBe(121);
  });

  test('what a reader has seen keeps its own number', async () => {
    const { clock, usage, call } = ledger();
    for (let at = 0; at < 4; at++) {
      call();
      await clock.advance(60_000);
      if (at === 1) usage.read();
    }
    expect(usage.drain().map(({ firstSequence, sequence }) => [firstSequence, sequence])).toEqual([
      [1, 1],
      [2, 2],
      [3, 4],
    ]);
  });

  test('a function gets it instead, and the log when that fails', async () => {
    const kept: UnreadUsage[] = [];
    const { usage, call } = ledger();
    call();
    const { written, logger } = lines();
    await flushUsage(usage, (unread) => void kept.push(...unread), logger);
    expect([kept.length, written.length]).toEqual([1, 0]);
    call();
    await flushUsage(usage, () => Promise.reject(new Error('the queue is down')), logger);
    expect(written.map((line) => Object.keys(line)[0])).toEqual(['err', 'usage']);
  });

  test('nothing is written where nothing was used', async () => {
    const { written, logger } = lines();
    await flushUsage(ledger().usage, undefined, logger);
    expect(written).toEqual([]);
  });
});

test('options out of range are refused', () => {
  expect(() => ledger({ periodMs: 10 })).toThrow(/periodMs/);
  expect(() => ledger({ maxRows: 0 })).toThrow(/maxRows/);
});
