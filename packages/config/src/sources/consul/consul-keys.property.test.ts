/** Reading only what has changed answers the same as reading everything, whatever is written while it is read. */
import { background, makeEnv } from '@fwk/kernel';
import type { ConsulAnswer, Question } from '@fwk/kernel/consul';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConsulKeys } from './consul-keys.js';
import type { Asker } from './held-question.js';

const prefix = 'shop/';
const context = { call: background, env: makeEnv(), below: {} };

/** Keys as Consul keeps them: with the index of each, and the trace that a deleted one leaves. */
class ScriptedStore implements Asker {
  readonly keys = new Map<string, { readonly value: string; readonly index: number }>();
  readonly #traces = new Map<string, number>();
  readonly asked: Question[] = [];
  index = 10;
  /** Runs after each answer, as another writer would. */
  meanwhile: () => void = () => {};

  write(changes: Readonly<Record<string, string | undefined>>): void {
    this.index++;
    for (const [name, value] of Object.entries(changes)) {
      const key = prefix + name;
      if (value !== undefined) this.keys.set(key, { value: Buffer.from(value).toString('base64'), index: this.index });
      else if (this.keys.delete(key)) this.#traces.set(key, this.index);
    }
  }

  async ask(question: Question): Promise<ConsulAnswer> {
    this.asked.push(question);
    const path = question.path.replace('/kv/', '').split('/').map(decodeURIComponent).join('/');
    const { keys, recurse } = question.query ?? {};
    const below = (key: string) => (keys === undefined && recurse === undefined ? key === path : key.startsWith(path));
    const found = [...this.keys].filter(([key]) => below(key)).sort(([a], [b]) => (a < b ? -1 : 1));
    const traces = [...this.#traces].filter(([key]) => below(key));
    const index = Math.max(0, ...found.map(([, entry]) => entry.index), ...traces.map(([, at]) => at)) || this.index;
    const names = found.map(([key]) => {
      const slash = key.indexOf('/', path.length);
      return slash < 0 ? key : key.slice(0, slash + 1);
    });
    const entries = found.map(([Key, entry]) => ({ Key, Value: entry.value, ModifyIndex: entry.index }));
    const text = JSON.stringify(keys === undefined ? entries : [...new Set(names)]);
    const answer = { status: found.length === 0 ? 404 : 200, text: found.length === 0 ? '' : text, index, led: true };
    this.meanwhile();
    return answer;
  }

  parse(text: string): unknown {
    return JSON.parse(text);
  }

  unavailable(problem: string): Error {
    return new Error(problem);
  }

  async heard() {
    const { text, index = 0 } = await this.ask({ path: `/kv/${prefix}`, query: { keys: '', separator: '/' } });
    return { value: text === '' ? null : this.parse(text), index };
  }

  /** What everything reads as. */
  async whole(): Promise<unknown> {
    return (await keysIn(prefix).read(this, undefined, context)).result.tree;
  }
}

function keysIn(key: string): ConsulKeys {
  return new ConsulKeys({ name: `consul ${key}`, key, options: { secret: false } as never });
}

async function filled(names: readonly string[]) {
  const store = new ScriptedStore();
  store.write(Object.fromEntries(names.map((name) => [name, name === '' ? '' : '0'])));
  const keys = keysIn(prefix);
  await keys.read(store, undefined, context);
  store.asked.length = 0;
  return { store, keys };
}

const folders = Array.from({ length: 80 }, (_, folder) =>
  Array.from({ length: 25 }, (_, at) => `part${folder}/key${at}`),
);
const flat = Array.from({ length: 2000 }, (_, at) => `key${at}`);

describe('what has changed', () => {
  test.each([
    ['folders', folders.flat(), 'part17/key3'],
    ['one folder', flat, 'key777'],
    ['a folder within a folder', flat.map((name) => `app/eu/${name}`), 'app/eu/key777'],
    ['a folder that somebody made', [...flat, ''], 'key777'],
    ['the mark of a folder', [...flat, ''], ''],
  ])('in 2,000 keys of %s is read with a few short questions and one range', async (_what, names, changed) => {
    const { store, keys } = await filled(names);
    store.write({ [changed]: changed === '' ? '' : '7' });
    const heard = await store.heard();
    const { result, index } = await keys.read(store, heard, context);
    const asked = [...store.asked];
    expect(result.tree).toEqual(await store.whole());
    expect(index).toBe(store.index);
    const read = asked.filter(({ query }) => query?.recurse !== undefined);
    expect(read.map(({ path }) => path)).not.toContain(`/kv/${prefix}`);
    expect(read.length).toBeLessThanOrEqual(1);
    expect(asked.length).toBeLessThanOrEqual(30);
  });

  test('is found wherever it is, also names that are new or gone', async () => {
    const name = fc.oneof(
      fc.constantFrom(...folders.flat()),
      fc
        .array(fc.constantFrom('a', 'part1', 'part', 'é', '😀', '😁', ' ', '%'), { minLength: 1, maxLength: 4 })
        .map((parts) => parts.join('/')),
    );
    const change = fc.array(fc.tuple(name, fc.option(fc.integer().map(String), { nil: undefined })), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const { store, keys } = await filled(folders.flat());
        for (const each of changes) {
          store.write(Object.fromEntries(each));
          // A key that is a folder too is refused, by either way of reading.
          const [one, other] = await Promise.all([
            outcome(async () => (await keys.read(store, await store.heard(), context)).result.tree),
            outcome(() => store.whole()),
          ]);
          expect(one).toEqual(other);
        }
      }),
      { numRuns: 10 },
    );
  });

  test('at once in several places is never half seen, however fast it is written', async () => {
    const { store, keys } = await filled(folders.flat());
    let round = 0;
    const writeBoth = () => store.write({ 'part3/key3': String(++round), 'part30/key3': String(round) });
    for (let times = 0; times < 10; times++) {
      writeBoth();
      const heard = await store.heard();
      let left = times % 20;
      store.meanwhile = () => {
        if (left-- > 0) writeBoth();
      };
      const { result } = await keys.read(store, heard, context);
      store.meanwhile = () => {};
      const tree = result.tree as Record<string, Record<string, number>>;
      expect(tree.part3?.key3).toBe(tree.part30?.key3);
    }
  });
});

async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}
