/** The promises that every balancer keeps, written once; `node:assert`, so that they run under any test runner. */
import assert from 'node:assert/strict';
import { type Env, makeEnv } from '@fwk/kernel';
import { fakeClock, seededRandom } from '@fwk/kernel/testing';
import { InstanceEndpoint } from '../membership/endpoint.js';
import type { Balancer, Candidate, LoadMeter, Picker } from '../pick/balancer.js';
import { anInstance } from './instances.js';

/** What the suite needs to know of the balancer under test. */
export interface BalancerContract {
  balancer(): Balancer;
}

/** One promise that every balancer keeps; hand it to any test runner. */
export interface BalancerContractCase {
  readonly name: string;
  run(): void;
}

/**
 * The promises as test cases.
 * @example for (const { name, run } of balancerContract({ balancer: () => p2c() })) test(name, run);
 */
export function balancerContract({ balancer }: BalancerContract): readonly BalancerContractCase[] {
  const promise = (name: string, check: (bench: Bench) => void): BalancerContractCase => ({
    name,
    run: () => check(new Bench(balancer())),
  });

  return [
    promise('answers nobody for an empty set', (bench) => {
      assert.equal(bench.picker().pick(0), undefined);
    }),

    promise('answers the only one, available or not', (bench) => {
      const [only] = bench.add(1);
      assert.equal(bench.picker().pick(0), only);
      (only as Stub).open = false;
      assert.equal(bench.picker().pick(0), only);
    }),

    promise('answers every available one again and again, and nobody outside the set', (bench) => {
      const stubs = bench.add(5);
      const picker = bench.picker();
      const counts = new Map<Candidate | undefined, number>();
      for (let call = 0; call < 2000; call++) {
        const picked = picker.pick(call * 20) as Stub;
        counts.set(picked, (counts.get(picked) ?? 0) + 1);
        picked.meter.succeeded(call * 20, 10);
      }
      assert.equal(counts.size, 5);
      for (const stub of stubs) assert.ok((counts.get(stub) ?? 0) > 100, 'one was hardly ever picked');
    }),

    promise('goes round an unavailable one', (bench) => {
      const stubs = bench.add(10);
      (stubs[3] as Stub).open = false;
      const picker = bench.picker();
      for (let call = 0; call < 2000; call++) assert.notEqual(picker.pick(call), stubs[3]);
    }),

    promise('finds the only one of many that is available for the request', (bench) => {
      const stubs = bench.add(100);
      for (const stub of stubs) stub.openFor = 'stock';
      (stubs[61] as Stub).openFor = 'report';
      const picker = bench.picker();
      for (let call = 0; call < 200; call++) assert.equal(picker.pick(call, 'report'), stubs[61]);
      assert.notEqual(picker.pick(0, 'stock'), stubs[61]);
    }),

    promise('takes somebody when nobody is available', (bench) => {
      for (const stub of bench.add(4)) stub.open = false;
      const picker = bench.picker();
      for (let call = 0; call < 100; call++) assert.ok(picker.pick(call));
    }),

    promise('sees a new one at once after a change, and never one that has gone', (bench) => {
      const [gone] = bench.add(3);
      const before = bench.picker();
      before.pick(0);
      bench.remove(gone as Stub);
      const [added] = bench.add(1);
      const picker = bench.picker(before);
      const picked = new Set(
        Array.from({ length: 1000 }, (_, call) => {
          const stub = picker.pick(call * 20) as Stub;
          stub.meter.succeeded(call * 20, 10);
          return stub;
        }),
      );
      assert.ok(picked.has(added as Stub), 'the new one was never picked');
      assert.ok(!picked.has(gone as Stub), 'one that had gone was picked');
    }),

    promise('does not change what it looks at', (bench) => {
      const stubs = bench.add(3);
      const loads = () => stubs.map((stub) => stub.load(5));
      const before = loads();
      const picker = bench.picker();
      for (let call = 0; call < 50; call++) picker.pick(5);
      assert.deepEqual(loads(), before);
    }),
  ];
}

class Bench {
  readonly #balancer: Balancer;
  readonly #env: Env = makeEnv({ clock: fakeClock(), random: seededRandom(7) });
  #stubs: Stub[] = [];
  #added = 0;

  constructor(balancer: Balancer) {
    this.#balancer = balancer;
  }

  add(count: number): readonly Stub[] {
    const added = Array.from({ length: count }, () => new Stub(this.#added++, this.#balancer.meter(this.#env)));
    this.#stubs = [...this.#stubs, ...added];
    return added;
  }

  remove(stub: Stub): void {
    this.#stubs = this.#stubs.filter((other) => other !== stub);
  }

  picker(previous?: Picker): Picker {
    return this.#balancer.picker(this.#stubs, this.#env, previous);
  }
}

class Stub implements Candidate {
  readonly endpoint: InstanceEndpoint;
  readonly meter: LoadMeter;
  readonly inFlight = 0;
  open = true;
  /** Takes only this request; undefined: any. */
  openFor: string | undefined;

  constructor(index: number, meter: LoadMeter) {
    this.endpoint = new InstanceEndpoint(anInstance({ id: `stub-${index}` }));
    this.meter = meter;
  }

  available(request?: unknown): boolean {
    return this.open && (this.openFor === undefined || this.openFor === request);
  }

  load(nowMs: number, share = 1, more = 0): number {
    return this.meter.load(nowMs, (this.inFlight + more) / share);
  }

  weight(): number {
    return 1;
  }
}
