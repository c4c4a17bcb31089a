import { makeEnv } from '@fwk/kernel';
import { fakeClock, seededRandom } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpointAt } from '../fixtures/balanced-service.js';
import type { Balancer, Candidate, LoadMeter } from './balancer.js';
import { leastRequest } from './least-request.js';
import { cell, LoadTable } from './load-table.js';
import { p2c } from './p2c.js';

/** What one endpoint is like. */
const state = fc.record({
  answersMs: fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 6 }),
  atMs: fc.integer({ min: 0, max: 30_000 }),
  inFlight: fc.integer({ min: 0, max: 20 }),
  failed: fc.boolean(),
});
type State = typeof state extends fc.Arbitrary<infer T> ? T : never;

/** Candidates in these states: with rows that a picker reads by itself, and without, so that it must ask each. */
function candidatesIn(balancer: Balancer, states: readonly State[], withRows: boolean): readonly Candidate[] {
  const clock = fakeClock();
  const table = new LoadTable();
  return states.map(({ answersMs, atMs, inFlight, failed }, at) => {
    const row = table.add();
    const meter: LoadMeter = balancer.meter(makeEnv({ clock }), undefined, row);
    for (const elapsedMs of answersMs) meter.succeeded(atMs, elapsedMs, row);
    if (failed) meter.failed(atMs, 0, row);
    table.cells[row.at + cell.inFlight] = inFlight;
    const load = (nowMs: number, share = 1, more = 0) => meter.load(nowMs, (inFlight + more) / share, row);
    const asked = { endpoint: endpointAt(at + 1), available: () => true, inFlight, load, weight: () => 1 };
    return withRows ? { ...asked, meter, row } : asked;
  });
}

describe.each([
  ['p2c', p2c],
  ['least-request', leastRequest],
] as const)('%s', (_, make) => {
  test.each([true, false])('never answers the strictly worse of two (read from memory: %s)', (withRows) => {
    fc.assert(
      fc.property(state, state, fc.integer(), (one, other, seed) => {
        const balancer = make();
        const [a, b] = candidatesIn(balancer, [one, other], withRows) as [Candidate, Candidate];
        const picker = balancer.picker([a, b], makeEnv({ clock: fakeClock(), random: seededRandom(seed) }));
        const nowMs = 30_000;
        const picked = picker.pick(nowMs) as Candidate;
        const passed = picked === a ? b : a;
        // Reading from memory compares without the common part of both, so the last digits may differ.
        expect(picked.load(nowMs)).toBeLessThanOrEqual(passed.load(nowMs) * (1 + 1e-9));
      }),
    );
  });

  test('answers the worst of three or more only where both draws are alike, which they never are', () => {
    fc.assert(
      fc.property(fc.array(state, { minLength: 3, maxLength: 10 }), fc.integer(), (states, seed) => {
        const balancer = make();
        const candidates = candidatesIn(balancer, states, true);
        const picker = balancer.picker(candidates, makeEnv({ clock: fakeClock(), random: seededRandom(seed) }));
        const nowMs = 30_000;
        const loads = candidates.map((candidate) => candidate.load(nowMs));
        const worst = Math.max(...loads);
        const onlyWorst = loads.filter((load) => load >= worst * (1 - 1e-9)).length === 1;
        for (let pick = 0; pick < 50; pick++) {
          const picked = picker.pick(nowMs) as Candidate;
          if (onlyWorst) expect(picked.load(nowMs)).toBeLessThan(worst);
        }
      }),
    );
  });
});

test('two choices among endpoints that are alike are spread evenly', () => {
  const alike: State = { answersMs: [10, 10, 10], atMs: 0, inFlight: 0, failed: false };
  const candidates = candidatesIn(p2c(), Array<State>(10).fill(alike), true);
  const picker = p2c().picker(candidates, makeEnv({ clock: fakeClock(), random: seededRandom(4) }));
  const counts = new Map<Candidate | undefined, number>();
  for (let pick = 0; pick < 50_000; pick++) {
    const picked = picker.pick(0);
    counts.set(picked, (counts.get(picked) ?? 0) + 1);
  }
  for (const count of counts.values()) expect(Math.abs(count / 50_000 - 0.1)).toBeLessThan(0.01);
});
