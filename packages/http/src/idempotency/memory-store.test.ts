import { type FakeClock, fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { idempotencyStoreContract } from '../testing/idempotency-store-contract.js';
import type { ClaimedKey, KeptAnswer, KeyedRequest } from './idempotency-store.js';
import { type MemoryIdempotencyStore, memoryIdempotencyStore } from './memory-store.js';

const answer = (body: string): KeptAnswer => ({ status: 200, contentType: undefined, body, headers: undefined });

function on(store: MemoryIdempotencyStore) {
  const claim = (key: string, parts: Partial<KeyedRequest> = {}) =>
    store.claim({ caller: 'a', source: '1', operation: 'o', key, fingerprint: 'f', leaseMs: 1000, ...parts });
  const fresh = (key: string, parts?: Partial<KeyedRequest>): ClaimedKey => {
    const claimed = claim(key, parts);
    if (claimed.kind !== 'fresh') throw new Error(`expected a fresh claim, not ${claimed.kind}`);
    return claimed.entry;
  };
  const finish = (key: string, parts?: Partial<KeyedRequest>, body = key) => fresh(key, parts).finish(answer(body));
  return { claim, fresh, finish };
}

describe('the store in memory', () => {
  let clock: FakeClock;
  const suite = idempotencyStoreContract({
    store: () => {
      clock = fakeClock();
      return memoryIdempotencyStore({ keepMs: 1000, maxEntriesPerCaller: 2 }, clock);
    },
    wait: (durationMs) => clock.advance(durationMs),
  });
  for (const { name, run } of suite) test(name, run);

  test('drops the oldest answer when it is full, never what is being worked on', () => {
    const store = memoryIdempotencyStore({ maxEntries: 3 }, fakeClock());
    const { claim, fresh, finish } = on(store);
    const working = fresh('working');
    for (const key of ['a', 'b', 'c']) finish(key);
    expect(store.size).toBe(3);
    expect(claim('working').kind).toBe('running');
    expect(claim('c').kind).toBe('stored');
    working.release();
    expect(claim('a').kind).toBe('fresh');
  });

  test('takes no more work than it may keep, and what is overdue gives its place up', async () => {
    const clock = fakeClock();
    const { claim, fresh } = on(memoryIdempotencyStore({ maxEntries: 1 }, clock));
    fresh('a');
    expect(claim('b').kind).toBe('full');
    await clock.advance(1000);
    expect(claim('b').kind).toBe('fresh');
  });

  test('is bounded by the length of its answers', () => {
    const { claim, finish } = on(memoryIdempotencyStore({ maxLength: 1024 }, fakeClock()));
    for (const key of ['a', 'b', 'c']) finish(key, {}, 'x'.repeat(500));
    expect(claim('a').kind).toBe('fresh');
    expect(claim('c').kind).toBe('stored');
  });

  test('lets a flood of keys push out its own only, whatever names the flood gives itself', () => {
    const store = memoryIdempotencyStore({ maxEntries: 1000 }, fakeClock());
    const { claim, finish } = on(store);
    finish('mine', { caller: 'me', source: 'here' });
    for (let at = 0; at < 5000; at++) finish(`${at}`, { caller: `stranger ${at % 3000}`, source: 'there' });
    expect(store.size).toBe(1000);
    expect(claim('mine', { caller: 'me', source: 'here' }).kind).toBe('stored');
    for (let at = 0; at < 5000; at++) finish(`${at}`, { caller: 'one stranger', source: 'here' });
    expect(claim('mine', { caller: 'me', source: 'here' }).kind).toBe('stored');
  });

  test('leaves room for others however much one source has at work', () => {
    const { claim, fresh } = on(memoryIdempotencyStore({ maxEntries: 100 }, fakeClock()));
    for (let at = 0; at < 50; at++) fresh(`${at}`, { caller: `stranger ${at}`, source: 'there' });
    expect(claim('50', { caller: 'stranger 50', source: 'there' }).kind).toBe('full');
    expect(claim('mine', { caller: 'me', source: 'here' }).kind).toBe('fresh');
  });

  test('keeps nothing of callers that have nothing left', async () => {
    const clock = fakeClock();
    const store = memoryIdempotencyStore({ maxEntries: 1, keepMs: 1000 }, clock);
    const { claim, finish } = on(store);
    for (const key of ['a', 'b']) finish(key, { caller: key });
    expect(claim('b', { caller: 'b' }).kind).toBe('stored');
    await clock.advance(1000);
    expect(claim('b', { caller: 'b' }).kind).toBe('fresh');
    expect(store.size).toBe(1);
  });
});
