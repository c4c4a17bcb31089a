import { type Env, type LiveSource, liveValue } from '@fwk/kernel';
import type { Query } from '@fwk/kernel/consul';

/**
 * One watched list, shared by all who watch the same: it is fed as long as anybody does. A list that is the same as
 * before tells nobody; members that are the same stay the same objects.
 */
export class LiveList<T> {
  readonly source: LiveSource<readonly T[]>;
  readonly known: LiveSource<boolean>;
  readonly #env: Env;
  readonly #feed: Query;
  #texts: readonly string[] = [];
  #users = 0;

  /** @param start - starts what feeds the list. */
  constructor(name: string, env: Env, start: (list: LiveList<T>) => Query) {
    this.#env = env;
    this.source = liveValue<readonly T[]>(Object.freeze([]), { name });
    this.known = liveValue(false, { name: `${name} known` });
    this.#feed = start(this);
  }

  /** Adds a user. @returns how to end that, which may be called again. */
  hold(drop: () => void): () => void {
    this.#users++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#users--;
      if (this.#users > 0) return;
      this.stop();
      drop();
    };
  }

  set(values: readonly T[]): void {
    const texts = values.map((value) => JSON.stringify(value));
    if (same(texts, this.#texts)) this.source.markFresh();
    else {
      const before = new Map(this.#texts.map((text, index) => [text, this.source.value[index] as T]));
      this.#texts = texts;
      this.source.set(Object.freeze(values.map((value, index) => before.get(texts[index] as string) ?? value)));
    }
    this.known.set(true);
  }

  markStale(reason: string): void {
    this.source.markStale(reason, this.#env.clock.wallTime());
  }

  restart(): void {
    this.#feed.restart();
  }

  /** Ends the feed; the last list stays. */
  stop(): void {
    this.#feed[Symbol.dispose]();
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
