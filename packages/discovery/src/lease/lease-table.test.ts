import { fakeClock } from '@fwk/kernel/testing';
import { beforeEach, expect, test } from 'vitest';
import { LeaseTable } from './lease-table.js';

let clock: ReturnType<typeof fakeClock>;
let evicted: string[];
let leases: LeaseTable;

beforeEach(() => {
  clock = fakeClock();
  evicted = [];
  leases = new LeaseTable({
    clock,
    sweepMs: 100,
    eviction: ({ expired }) => expired,
    onEvicted: (id) => evicted.push(id),
  });
});

test('each lease ends when it has run out, the first of them first, however they were given', async () => {
  leases.grant('late', 3000);
  leases.grant('early', 1000);
  leases.grant('later', 1050);
  await clock.advance(900);
  expect(evicted).toEqual([]);
  await clock.advance(200);
  expect(evicted).toEqual(['early', 'later']);
  await clock.advance(1900);
  expect(evicted).toEqual(['early', 'later', 'late']);
});

test('a lease that was renewed ends later, one that was shortened sooner, than any sweep had seen', async () => {
  leases.grant('renewed', 1000);
  leases.grant('shortened', 5000);
  await clock.advance(800);
  leases.renew('renewed', 1000);
  leases.shorten('shortened', 300);
  await clock.advance(300);
  expect(evicted).toEqual(['shortened']);
  expect(leases.remainingMs('renewed')).toBe(700);
  await clock.advance(700);
  expect(evicted).toEqual(['shortened', 'renewed']);
});

test('a lease that is given after long, and for less than the others, ends in time', async () => {
  leases.grant('long', 60_000);
  await clock.advance(10_000);
  leases.grant('short', 200);
  await clock.advance(200);
  expect(evicted).toEqual(['short']);
});
