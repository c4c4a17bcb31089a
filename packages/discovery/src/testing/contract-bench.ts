import assert from 'node:assert/strict';
import { type Live, systemClock } from '@fwk/kernel';
import type { Instance } from '../instance.js';
import type { Registry } from '../registry.js';

const LOOK_AGAIN_MS = 10;

/** One place that several registries (processes, connections) share. */
export interface RegistryPlace {
  /** Another connection to the same place; the suite closes it. */
  open(): Promise<Registry> | Registry;
  /** Ends what the place itself started. */
  end?(): Promise<void>;
}

/** One promise that every backend keeps; hand it to any test runner. */
export interface RegistryContractCase {
  readonly name: string;
  run(): Promise<void>;
}

/** What a suite needs to know of the backend under test. */
export interface ContractSetup<P extends RegistryPlace> {
  /** Answers a fresh place. */
  place(): Promise<P> | P;
  /** How long a change may take to arrive, in milliseconds. @defaultValue 5000 */
  readonly patienceMs?: number;
}

/** Makes cases that each run at a place of their own. */
export function promisesOf<P extends RegistryPlace>({ place, patienceMs = 5000 }: ContractSetup<P>) {
  return (name: string, check: (bench: Bench<P>) => Promise<void>): RegistryContractCase => ({
    name,
    async run() {
      const made = await place();
      const bench = new Bench(made, patienceMs);
      try {
        await check(bench);
      } finally {
        await bench.close();
        await made.end?.();
      }
    },
  });
}

/** What the cases of one place work with: registries that are closed afterwards, and waiting that is bounded. */
export class Bench<P extends RegistryPlace = RegistryPlace> {
  readonly place: P;
  readonly #patienceMs: number;
  readonly #open: Registry[] = [];

  constructor(place: P, patienceMs: number) {
    this.place = place;
    this.#patienceMs = patienceMs;
  }

  /** Another registry at the place. */
  async open(): Promise<Registry> {
    const registry = await this.place.open();
    this.#open.push(registry);
    return registry;
  }

  /** Waits until a value holds; fails after the patience, saying what was waited for. */
  until<T>(live: Live<T>, holds: (value: T) => boolean, what: string): Promise<void> {
    if (holds(live.value)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = systemClock.setTimer(() => {
        subscription[Symbol.dispose]();
        reject(new assert.AssertionError({ message: `waited ${this.#patienceMs} ms in vain for ${what}` }));
      }, this.#patienceMs);
      const subscription = live.subscribe((value) => {
        if (!holds(value)) return;
        systemClock.clearTimer(timer);
        subscription[Symbol.dispose]();
        resolve();
      });
    });
  }

  /** Waits until a value is no longer stale; that tells nobody, so it is looked at again and again. */
  async untilFresh(live: Live<unknown>): Promise<void> {
    const endMs = systemClock.now() + this.#patienceMs;
    while (live.stale) {
      assert.ok(systemClock.now() < endMs, `it is still stale after ${this.#patienceMs} ms: ${live.stale.reason}`);
      await this.pause(LOOK_AGAIN_MS);
    }
  }

  /** Waits on the real clock; only for promises about time itself. */
  pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => void systemClock.setTimer(resolve, durationMs));
  }

  async close(): Promise<void> {
    for (const registry of this.#open) await registry.close();
  }
}

/** The ids of instances, in order. */
export function ids(instances: readonly Instance[]): readonly string[] {
  return instances.map(({ id }) => id);
}
