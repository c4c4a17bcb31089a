/** The promises that every store of idempotency keys keeps; `node:assert`, so that they run under any test runner. */
import assert from 'node:assert/strict';
import { background } from '@fwk/kernel';
import type {
  Claim,
  ClaimedKey,
  IdempotencyStore,
  KeptAnswer,
  KeyedRequest,
} from '../idempotency/idempotency-store.js';

/** What the suite needs to know of the store under test. */
export interface IdempotencyStoreContract {
  /** Makes a store that keeps answers for a second, and two entries for each caller. */
  store(): IdempotencyStore;
  /** Lets time pass for the store. */
  wait(durationMs: number): Promise<void>;
}

/** One promise; hand it to any test runner. */
export interface IdempotencyStoreContractCase {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * The promises as test cases.
 * @example for (const { name, run } of idempotencyStoreContract({ store, wait })) test(name, run);
 */
export function idempotencyStoreContract({
  store: make,
  wait,
}: IdempotencyStoreContract): readonly IdempotencyStoreContractCase[] {
  const promise = (name: string, check: (bench: Bench) => Promise<void>): IdempotencyStoreContractCase => ({
    name,
    run: () => check(new Bench(make(), wait)),
  });

  return [
    promise('gives a key to the first who asks, and its whole answer to those who come later', async (bench) => {
      const first = await bench.fresh();
      assert.equal((await bench.claim()).kind, 'running');
      await first.finish(answer);
      assert.deepEqual(await bench.claim(), { kind: 'stored', answer });
    }),

    promise('gives a key to one of those who ask at once', async (bench) => {
      const claims = await Promise.all(Array.from({ length: 20 }, () => bench.claim()));
      assert.deepEqual(claims.map(({ kind }) => kind).filter((kind) => kind === 'fresh').length, 1);
      assert.ok(claims.every(({ kind }) => kind === 'fresh' || kind === 'running'));
    }),

    promise('keeps keys apart by caller and operation', async (bench) => {
      await (await bench.fresh()).finish(answer);
      await bench.fresh({ caller: 'other' });
      await bench.fresh({ operation: 'bank.refund' });
    }),

    promise('knows that a key was used for another request, at work or answered', async (bench) => {
      const first = await bench.fresh();
      assert.equal((await bench.claim({ fingerprint: 'other' })).kind, 'other-request');
      await first.finish(answer);
      assert.equal((await bench.claim({ fingerprint: 'other' })).kind, 'other-request');
    }),

    promise('forgets a key that is released', async (bench) => {
      await (await bench.fresh()).release();
      await bench.fresh();
    }),

    promise('forgets an answer when its time is over', async (bench) => {
      await (await bench.fresh()).finish(answer);
      await bench.wait(1500);
      await bench.fresh();
    }),

    promise(
      'gives up a claim when its lease is over, and keeps the late answer if nobody else has the key',
      async (bench) => {
        const first = await bench.fresh({ leaseMs: 200 });
        await bench.wait(400);
        const second = await bench.fresh({ leaseMs: 200 });
        await first.finish({ ...answer, body: 'late' });
        await second.finish(answer);
        assert.deepEqual(await bench.claim(), { kind: 'stored', answer });
        const third = await bench.fresh({ key: 'b', leaseMs: 200 });
        await bench.wait(400);
        await third.finish(answer);
        assert.deepEqual(await bench.claim({ key: 'b' }), { kind: 'stored', answer });
      },
    ),

    promise('leaves a key to whoever has it now when the one before releases it', async (bench) => {
      const first = await bench.fresh({ leaseMs: 200 });
      await bench.wait(400);
      await bench.fresh();
      await first.release();
      assert.equal((await bench.claim()).kind, 'running');
    }),

    promise('drops a caller’s own oldest answer when the caller has its share, and nobody else’s', async (bench) => {
      await (await bench.fresh({ caller: 'other' })).finish(answer);
      for (const key of ['a', 'b', 'c']) await (await bench.fresh({ key })).finish(answer);
      assert.equal((await bench.claim({ key: 'c' })).kind, 'stored');
      assert.equal((await bench.claim({ key: 'b' })).kind, 'stored');
      assert.equal((await bench.claim({ caller: 'other' })).kind, 'stored');
      await bench.fresh({ key: 'a' });
    }),

    promise('takes no more work of a caller than its share, and goes on with others', async (bench) => {
      const first = await bench.fresh({ key: 'a' });
      await bench.fresh({ key: 'b' });
      assert.equal((await bench.claim({ key: 'c' })).kind, 'full');
      await bench.fresh({ key: 'c', caller: 'other' });
      await first.release();
      await bench.fresh({ key: 'c' });
    }),
  ];
}

const answer: KeptAnswer = {
  status: 200,
  contentType: 'application/json',
  body: '{"größe":"✓"}',
  headers: { 'x-a': 'b' },
};

class Bench {
  readonly #store: IdempotencyStore;
  readonly wait: (durationMs: number) => Promise<void>;

  constructor(store: IdempotencyStore, wait: (durationMs: number) => Promise<void>) {
    this.#store = store;
    this.wait = wait;
  }

  async claim(parts: Partial<KeyedRequest> = {}): Promise<Claim> {
    const request: KeyedRequest = {
      caller: 'shop',
      source: '127.0.0.1',
      operation: 'bank.pay',
      key: 'a',
      fingerprint: 'f',
      leaseMs: 10_000,
      ...parts,
    };
    return this.#store.claim(request, background);
  }

  async fresh(parts?: Partial<KeyedRequest>): Promise<ClaimedKey> {
    const claim = await this.claim(parts);
    if (claim.kind !== 'fresh') assert.fail(`the claim met ${claim.kind}, not fresh`);
    return claim.entry;
  }
}
