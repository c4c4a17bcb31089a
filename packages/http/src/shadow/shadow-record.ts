/** Tells what came of copies: a counter of all, and an event of those that differ or fail, at most one a second for each operation. */
import type { Counter, Env } from '@fwk/kernel';
import { httpMetrics } from '../metrics.js';
import type { Comparison } from './answer-pair.js';

/** Shortest time between two events of one kind and operation. */
const pauseMs = 1000;

type Result = Comparison['result'] | 'left-out';

/** See the head of this file. */
export class ShadowRecord {
  readonly #env: Env;
  readonly #service: string;
  readonly #counters = new Map<string, Counter>();
  /** Of each kind of event and operation when it was told last, and how many were not told since. */
  readonly #told = new Map<string, { atMs: number; untold: number }>();

  constructor(env: Env, service: string) {
    this.#env = env;
    this.#service = service;
  }

  /** A call was not copied, though it was drawn. */
  leftOut(operation: string, why: string): void {
    this.#count(operation, 'left-out');
    this.#tell('shadow.not-compared', operation, 'left-out', why);
  }

  compared(operation: string, { result, why }: Comparison): void {
    this.#count(operation, result);
    if (result === 'different') this.#tell('shadow.differed', operation, result, why);
    else if (result !== 'same') this.#tell('shadow.not-compared', operation, result, why);
  }

  #count(operation: string, result: Result): void {
    const key = `${result} ${operation}`;
    let counter = this.#counters.get(key);
    if (!counter) {
      counter = this.#env.metrics.counter(httpMetrics['http.client.shadow.copies'], {
        'server.address': this.#service,
        operation,
        result,
      });
      this.#counters.set(key, counter);
    }
    counter.add();
  }

  #tell(event: string, operation: string, result: Result, why: string): void {
    const key = `${event} ${operation}`;
    const nowMs = this.#env.clock.now();
    const told = this.#told.get(key);
    if (told && nowMs - told.atMs < pauseMs) {
      told.untold++;
      return;
    }
    this.#told.set(key, { atMs: nowMs, untold: 0 });
    const { path, events } = this.#env;
    events.emit(event, { path, service: this.#service, operation, result, why, untold: told?.untold ?? 0 });
  }
}
