import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background, type CallContext, type Clock, cancellable, makeEnv } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configSourceContract } from '../../testing/source-contract.js';
import { fileSource } from './file.js';

let directory: string;
const at = (name: string) => join(directory, name);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fwk-config-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const load = (path: string, options = {}, call: CallContext = background) =>
  fileSource(path, options).load({ call, env: makeEnv(), below: {} });

for (const [ending, write] of [
  ['yaml', (items: number) => `shop:\n  maxItems: ${items}\n  name: lamp\n`],
  ['json', (items: number) => JSON.stringify({ shop: { maxItems: items, name: 'lamp' } })],
] as const) {
  for (const { name, run } of configSourceContract({
    withinMs: 5000,
    async open() {
      const path = at(`config.${ending}`);
      await writeFile(path, write(1));
      return {
        source: fileSource(path, { pollMs: 3_600_000 }),
        says: { shop: { maxItems: 1, name: 'lamp' } },
        async change() {
          await writeFile(path, write(22));
          return { shop: { maxItems: 22, name: 'lamp' } };
        },
        damage: () => writeFile(path, '{"shop": ['),
      };
    },
  })) {
    test(`${ending} file: ${name}`, run);
  }
}

describe('a file', () => {
  test('names line and column of what it sets', async () => {
    await writeFile(at('a.yaml'), 'shop:\n  maxItems: 5\n');
    const { originOf } = await load(at('a.yaml'));
    expect(originOf?.(['shop', 'maxItems'])).toMatchObject({ file: at('a.yaml'), line: 2, column: 13 });
  });

  test('is read where open files are no disposables, as under Yarn’s Plug’n’Play', async () => {
    await writeFile(at('a.yaml'), 'port: 1\n');
    const handle = await open(at('a.yaml'));
    const kind = Object.getPrototypeOf(handle);
    await handle.close();
    const dispose = Object.getOwnPropertyDescriptor(kind, Symbol.asyncDispose) ?? expect.fail('it never was one');
    Reflect.deleteProperty(kind, Symbol.asyncDispose);
    try {
      expect((await load(at('a.yaml'))).tree).toEqual({ port: 1 });
    } finally {
      Object.defineProperty(kind, Symbol.asyncDispose, dispose);
    }
  });

  test('may start with a byte order mark', async () => {
    await writeFile(at('a.yaml'), '\ufeffport: 1\n');
    expect((await load(at('a.yaml'))).tree).toEqual({ port: 1 });
    await writeFile(at('a.json'), '\ufeff{"port": 1}');
    expect((await load(at('a.json'))).tree).toEqual({ port: 1 });
  });

  test.each<[string, string, (path: string) => Promise<unknown>]>([
    ['is missing', 'FILE_MISSING', async () => {}],
    ['is empty', 'FILE_EMPTY', (path) => writeFile(path, '')],
    ['holds only space', 'FILE_EMPTY', (path) => writeFile(path, ' \n\n')],
    ['holds only a comment', 'FILE_EMPTY', (path) => writeFile(path, '# nothing yet\n')],
    ['is a directory', 'FILE_NOT_REGULAR', (path) => mkdir(path)],
    ['is a pipe that nobody writes to', 'FILE_NOT_REGULAR', async (path) => execFileSync('mkfifo', [path])],
    ['holds a list', 'ROOT_INVALID', (path) => writeFile(path, '- 1\n')],
    ['holds a single value', 'ROOT_INVALID', (path) => writeFile(path, 'hello\n')],
    ['is not UTF-8', 'FILE_ENCODING', (path) => writeFile(path, Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]))],
    ['is UTF-16', 'FILE_ENCODING', (path) => writeFile(path, Buffer.from('\ufeffa: 1', 'utf16le'))],
    ['is above 1 MiB', 'FILE_TOO_LARGE', (path) => writeFile(path, `a: ${'x'.repeat(1 << 20)}`)],
    ['is a link in a circle', 'FILE_UNREADABLE', (path) => symlink(path, path)],
    ['is a link to nothing', 'FILE_MISSING', (path) => symlink(`${path}.gone`, path)],
    ['is below a file', 'FILE_MISSING', (path) => writeFile(join(path, '..', 'plain'), 'x')],
  ])('that %s is refused as %s, and named', async (why, code, make) => {
    const path = at('config.yaml');
    await make(path);
    const given = why === 'is below a file' ? at('plain/config.yaml') : path;
    const error = await load(given).catch((caught) => caught);
    expect(error).toMatchObject({ code: `FWK_CONFIG_${code}`, origin: { file: given } });
    expect(error.message).toContain(given);
    const [reason, next] = [
      'there is no such file (looked at ',
      'create it, correct the path, or list it as { path, optional: true }',
    ];
    const said = code === 'FILE_MISSING';
    expect([error.message.includes(reason), error.message.includes(next)]).toEqual([said, said]);
  });

  test('that is optional sets nothing while it is missing, but is refused when it is broken', async () => {
    expect((await load(at('a.yaml'), { optional: true })).tree).toEqual({});
    await writeFile(at('a.yaml'), 'a: [');
    await expect(load(at('a.yaml'), { optional: true })).rejects.toMatchObject({ code: 'FWK_CONFIG_SYNTAX' });
  });

  test('of unknown ending is refused before anything is read', () => {
    expect(() => fileSource('settings.toml')).toThrow(expect.objectContaining({ code: 'FWK_CONFIG_FILE_FORMAT' }));
  });

  test('stops being read at once when the caller gives up', async () => {
    await writeFile(at('a.yaml'), 'a: 1');
    const { context, cancel, cancellation } = cancellable();
    const loading = load(at('a.yaml'), {}, context);
    const reason = new Error('enough');
    cancel(reason);
    await expect(loading).rejects.toBe(reason);
    expect(cancellation.listenerCount).toBe(0);
  });
});

describe('watching a file', () => {
  /** Resolves at each following change. No poll helps; the machine may be slow, so 300 ms are asked of a process test. */
  async function watching(path: string, body: (told: () => Promise<void>) => Promise<void>): Promise<void> {
    const source = fileSource(path, { optional: true, pollMs: 3_600_000 });
    const env = makeEnv();
    const context = { call: background, env, below: {} };
    await source.load(context);
    let hear = () => {};
    const watch = source.watch(() => hear(), env) as Disposable;
    await new Promise((resolve) => setTimeout(resolve, 100));
    const told = () =>
      new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('no change was told')), 5000);
        hear = () => {
          clearTimeout(late);
          void source.load(context).then(() => resolve(), reject);
        };
      });
    try {
      await body(told);
    } finally {
      watch[Symbol.dispose]();
    }
  }

  test('sees it replaced by rename, again and again', async () => {
    await writeFile(at('a.yaml'), 'a: 1');
    await watching(at('a.yaml'), async (told) => {
      for (const value of [2, 3, 4]) {
        const change = told();
        await writeFile(at('.a.yaml.tmp'), `a: ${value}`);
        await rename(at('.a.yaml.tmp'), at('a.yaml'));
        await change;
      }
    });
  });

  test('sees it created, removed, and created again', async () => {
    await watching(at('a.yaml'), async (told) => {
      for (const act of [
        () => writeFile(at('a.yaml'), 'a: 1'),
        () => unlink(at('a.yaml')),
        () => writeFile(at('a.yaml'), 'a: 2'),
      ]) {
        const change = told();
        await act();
        await change;
      }
    });
  });

  test('sees it appear in a directory that did not exist, at any depth', async () => {
    await watching(at('one/two/a.yaml'), async (told) => {
      const change = told();
      await mkdir(at('one/two'), { recursive: true });
      await writeFile(at('one/two/a.yaml'), 'a: 1');
      await change;
    });
  });

  test('sees it in a directory that was removed and made anew', async () => {
    await mkdir(at('sub'));
    await writeFile(at('sub/a.yaml'), 'a: 1');
    await watching(at('sub/a.yaml'), async (told) => {
      const gone = told();
      await rm(at('sub'), { recursive: true });
      await gone;
      const back = told();
      await mkdir(at('sub'));
      await writeFile(at('sub/a.yaml'), 'a: 2');
      await back;
      const edited = told();
      await writeFile(at('sub/a.yaml'), 'a: 3');
      await edited;
    });
  });

  test('sees it in a directory that was replaced by another of the same name before we looked', async () => {
    await mkdir(at('sub'));
    await writeFile(at('sub/a.yaml'), 'a: 1');
    await mkdir(at('next'));
    await writeFile(at('next/a.yaml'), 'a: 2');
    await watching(at('sub/a.yaml'), async (told) => {
      const replaced = told();
      renameSync(at('sub'), at('old'));
      renameSync(at('next'), at('sub'));
      // The old directory still exists, and its watcher hears this; it is no longer ours.
      await writeFile(at('old/a.yaml'), 'a: 9');
      await replaced;
      const edited = told();
      await writeFile(at('sub/a.yaml'), 'a: 3');
      await edited;
    });
  });

  test('sees Kubernetes swap the link two steps away, more than once', async () => {
    const publish = async (version: string, text: string) => {
      await mkdir(at(version));
      await writeFile(at(`${version}/a.yaml`), text);
      await symlink(version, at('..data_tmp'));
      await rename(at('..data_tmp'), at('..data'));
    };
    await publish('..v1', 'a: 1');
    await symlink('..data/a.yaml', at('a.yaml'));
    await watching(at('a.yaml'), async (told) => {
      for (const [index, old] of ['..v1', '..v2', '..v3'].entries()) {
        const change = told();
        await publish(`..v${index + 2}`, `a: ${index + 2}`);
        await rm(at(old), { recursive: true });
        await change;
      }
    });
  });

  test('sees an edit of what a link in another directory leads to', async () => {
    await mkdir(at('real'));
    await mkdir(at('links'));
    await writeFile(at('real/a.yaml'), 'a: 1');
    await symlink('../real/a.yaml', at('links/a.yaml'));
    await watching(at('links/a.yaml'), async (told) => {
      const change = told();
      await writeFile(at('real/a.yaml'), 'a: 2');
      await change;
    });
  });

  test('sees two edits that leave the size alike', async () => {
    await writeFile(at('a.yaml'), 'a: 1');
    await watching(at('a.yaml'), async (told) => {
      for (const text of ['a: 2', 'a: 3']) {
        const change = told();
        await writeFile(at('a.yaml'), text);
        await change;
      }
    });
  });

  test('looks by poll where no event arrives, and holds no timer once disposed', async () => {
    const path = at('far/a.yaml');
    const clock = fakeClock();
    // Without the timers that events set (50 ms), only the poll is left.
    const deaf: Clock = {
      ...clock,
      setTimer: (callback, delayMs) =>
        delayMs === 50 ? clock.setTimer(() => {}, 0) : clock.setTimer(callback, delayMs),
    };
    const env = makeEnv({ clock: deaf });
    const source = fileSource(path, { optional: true, pollMs: 2000 });
    await source.load({ call: background, env, below: {} });
    let told = 0;
    const watch = source.watch(() => told++, env) as Disposable;
    const until = async (reached: () => boolean) => {
      while (!reached()) await clock.settle();
    };
    await until(() => clock.pending > 0);
    await mkdir(at('far'));
    await writeFile(path, 'a: 1');
    expect(told).toBe(0);
    while (told === 0) await clock.advance(2000);
    watch[Symbol.dispose]();
    await clock.settle();
    expect(clock.pending).toBe(0);
  });
});
