import { makeEnv } from '@fwk/kernel';
import { fakeClock, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { InstanceEndpoint } from '../membership/endpoint.js';
import { anInstance } from '../testing/instances.js';
import type { Candidate, LoadMeter } from './balancer.js';
import { HeardLoad } from './load-report.js';
import { p2c } from './p2c.js';

class Stub implements Candidate {
  readonly endpoint: InstanceEndpoint;
  readonly meter: LoadMeter;
  readonly share: number;
  inFlight = 0;
  open = true;
  heard: HeardLoad | undefined;

  constructor(index: number, meter: LoadMeter, share = 1) {
    this.endpoint = new InstanceEndpoint(anInstance({ id: `stub-${index}` }));
    this.meter = meter;
    this.share = share;
  }

  available(): boolean {
    return this.open;
  }

  load(nowMs: number, share = 1): number {
    return this.meter.load(nowMs, this.inFlight / share);
  }

  weight(): number {
    return this.share;
  }
}

/** Ten endpoints that all answer in 10 ms, behind a picker of p2c. */
function bench(options: Parameters<typeof p2c>[0] = {}, shares: readonly number[] = Array(10).fill(1)) {
  const env = makeEnv({ clock: fakeClock(), random: seededRandom(5) });
  const balancer = p2c(options);
  const stubs = shares.map((share, index) => new Stub(index, balancer.meter(env), share));
  for (const { meter } of stubs) for (let answer = 0; answer < 5; answer++) meter.succeeded(0, 10);
  const picker = balancer.picker(stubs, env);
  /** @param others - calls of others that it says it works on. */
  const tell = (stub: Stub, others: number, nowMs = 0, latencyMs = 10) => {
    stub.heard ??= new HeardLoad();
    stub.heard.hear(nowMs, others, latencyMs, 0);
    picker.reported?.(nowMs, stub);
  };
  /** All say that they are busy, so that one which is not stands out. */
  const busy = (others: number) => {
    for (let round = 0; round < 10; round++) for (const stub of stubs) tell(stub, others);
  };
  return { env, balancer, stubs, picker, tell, busy };
}

describe('p2c with reports on answers', () => {
  test('takes the endpoint that has just said it has less to do than usual, and that once', () => {
    const { stubs, picker, tell, busy } = bench();
    busy(3);
    const [idle] = stubs;
    tell(idle!, 0);
    expect(picker.pick(1)).toBe(idle);
    const next = Array.from({ length: 100 }, () => picker.pick(1));
    expect(next.filter((picked) => picked === idle).length).toBeLessThan(35);
  });

  test('chooses as without reports while the others are as busy as usual', () => {
    const picks = (reports: boolean) => {
      const { stubs, picker, busy } = bench({ reports });
      busy(3);
      return Array.from({ length: 50 }, () => stubs.indexOf(picker.pick(1) as Stub));
    };
    expect(picks(true)).toEqual(picks(false));
  });

  test('makes nothing of reports when it is told not to', () => {
    const { picker } = bench({ reports: false });
    expect(picker.reported).toBeUndefined();
  });

  test('gives an endpoint that always says it is idle at most three times the calls that draws give it', () => {
    const { stubs, picker, tell, busy } = bench();
    busy(5);
    const [liar] = stubs;
    let lies = 0;
    const calls = 20_000;
    for (let call = 0; call < calls; call++) {
      const picked = picker.pick(1) as Stub;
      if (picked === liar) lies++;
      tell(picked, picked === liar ? 0 : 5, 1);
    }
    // Of ten alike a draw gives it a tenth, and the best of two draws at most two tenths.
    expect(lies / calls).toBeGreaterThan(0.11);
    expect(lies / calls).toBeLessThan(0.6);
  });

  test('does not believe one that is slow as measured here', () => {
    const { stubs, picker, tell, busy } = bench();
    busy(5);
    const [slow] = stubs;
    slow!.meter.succeeded(0, 400);
    for (let call = 0; call < 200; call++) {
      tell(slow!, 0);
      expect(picker.pick(1)).not.toBe(slow);
    }
  });

  test('counts its own calls that are under way there', () => {
    const { stubs, picker, tell, busy } = bench();
    busy(3);
    const [one] = stubs;
    one!.inFlight = 3;
    tell(one!, 0);
    expect(picker.pick(1)).not.toBe(one);
  });

  test('forgets a report after five times its latency, and after a second', () => {
    const { stubs, picker, tell, busy } = bench();
    busy(3);
    const [one] = stubs;
    one!.inFlight = 1;
    tell(one!, 0, 0, 10);
    expect(picker.pick(49)).toBe(one);
    tell(one!, 0, 50, 10);
    expect(picker.pick(101)).not.toBe(one);
    tell(one!, 0, 200, 3_600_000);
    expect(picker.pick(1201)).not.toBe(one);
  });

  test('goes round one that has become unavailable, or is no member of the set', () => {
    const { env, balancer, stubs, picker, tell, busy } = bench();
    busy(3);
    const [one] = stubs;
    tell(one!, 0);
    one!.open = false;
    expect(picker.pick(1)).not.toBe(one);
    one!.open = true;
    const rest = stubs.slice(1);
    const other = balancer.picker(rest, env, picker);
    other.reported?.(1, one!);
    for (let call = 0; call < 100; call++) expect(rest).toContain(other.pick(1));
  });

  test('lets an endpoint of more weight have more calls of others before it is busy', () => {
    const { stubs, picker, tell } = bench({}, [4, ...Array(9).fill(1)]);
    // Usual are three calls for each weight of one.
    for (let round = 0; round < 10; round++) for (const stub of stubs) tell(stub, 3 * stub.share);
    const [heavy] = stubs;
    tell(heavy!, 4);
    expect(picker.pick(1)).toBe(heavy);
  });
});

test('claims that no server can make are not heard', () => {
  const heard = new HeardLoad();
  for (const [inFlight, latencyMs] of [
    [-1, 1],
    [Number.NaN, 1],
    [1, Number.NaN],
    [1e7, 1],
    [1, -1],
    [1, Number.POSITIVE_INFINITY],
    [1, 4e6],
  ] as const) {
    expect(heard.hear(5, inFlight, latencyMs, 0)).toBe(false);
  }
  expect(heard.atMs).toBe(Number.NEGATIVE_INFINITY);
  expect(heard.hear(5, 3, 2, 4)).toBe(true);
  expect([heard.others, heard.atMs]).toEqual([0, 5]);
});
