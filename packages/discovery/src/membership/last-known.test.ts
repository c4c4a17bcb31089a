import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background, type LiveSource, type Logger, liveValue, makeEnv, noLogger } from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Instance } from '../instance.js';
import { memoryRegistry } from '../registries/memory-registry.js';
import { anInstance } from '../testing/instances.js';
import { lastKnown as openLastKnown } from './last-known.js';
import { memberships } from './memberships.js';

let folder = '';
let file = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-last-known-'));
  file = join(folder, 'known.json');
});

afterEach(() => rm(folder, { recursive: true }));

/** One run of a program: what it knows from the file, and a registry that answers when the test says so. */
function run({ atMs = 0, answers = true, maxAgeMs = 3_600_000 } = {}) {
  const clock = fakeClock(0, 1_700_000_000_000 + atMs);
  const events = recordEvents();
  const warnings: unknown[] = [];
  const logger: Logger = { ...noLogger, warn: (fields) => void warnings.push(fields) };
  const env = makeEnv({ clock, events, logger });
  const lastKnown = openLastKnown({ file, maxAgeMs, debounceMs: 100 }, env);
  const instances: LiveSource<readonly Instance[]> = liveValue<readonly Instance[]>([]);
  const known = liveValue(answers);
  const watch = () => ({ instances, known, [Symbol.dispose]() {} });
  const watched = memberships({ ...memoryRegistry(), watch }, env, lastKnown);
  return { clock, events, warnings, lastKnown, instances, known, watched };
}

/** A run that knew these and has ended. */
async function before(...ports: readonly number[]): Promise<void> {
  const { watched, instances, lastKnown } = run();
  watched.of('inventory');
  instances.set(ports.map((port) => anInstance({ id: `inventory-${port}`, port })));
  await lastKnown.close();
}

async function savedAtMs(): Promise<number> {
  return JSON.parse(await readFile(file, 'utf8')).services.inventory.savedAtMs;
}

describe('a list that was saved', () => {
  test('is used while the registry does not answer, marked stale with when it was saved', async () => {
    await before(1, 2);
    const { watched, events } = run({ atMs: 60_000, answers: false });
    const endpoints = watched.of('inventory');
    expect(endpoints.value.map(({ port }) => port)).toEqual([1, 2]);
    expect(endpoints.stale).toEqual({
      reason: 'the registry has not answered yet; this list was saved at 2023-11-14T22:13:20.000Z',
      sinceMs: 1_700_000_000_000,
    });
    expect(events.names).toContain('membership.restored');
    await watched.settled('inventory', background);
  });

  test('gives way to what the registry says', async () => {
    await before(1, 2);
    const { watched, instances, known } = run({ answers: false });
    const endpoints = watched.of('inventory');
    const [, second] = endpoints.value;
    instances.set([anInstance({ id: 'inventory-2', port: 2 }), anInstance({ id: 'inventory-3', port: 3 })]);
    known.set(true);
    expect(endpoints.value.map(({ port }) => port)).toEqual([2, 3]);
    expect(endpoints.value[0]).toBe(second);
    expect(endpoints.stale).toBeUndefined();
  });

  test('stays when the registry says that nobody is there, and says so', async () => {
    await before(1, 2);
    const { watched, known } = run({ answers: false });
    const endpoints = watched.of('inventory');
    known.set(true);
    expect(endpoints.value).toHaveLength(2);
    expect(endpoints.stale?.reason).toContain('nobody is left of 2');
  });

  test('is not used once it is too old', async () => {
    await before(1);
    expect(run({ atMs: 3_600_001, answers: false }).watched.of('inventory').value).toEqual([]);
  });

  test('does not grow old while the registry says nothing else', async () => {
    const { watched, instances, clock, lastKnown } = run();
    watched.of('inventory');
    instances.set([anInstance()]);
    for (let quarter = 0; quarter < 20; quarter++) await clock.advance(900_000);
    // As after a crash, which writes nothing more.
    await vi.waitFor(async () => expect(await savedAtMs()).toBe(1_700_000_000_000 + 18_000_000));
    expect(run({ atMs: 18_000_000 + 3_599_000, answers: false }).watched.of('inventory').value).toHaveLength(1);
    await lastKnown.close();
    expect(clock.pending).toBe(0);
  });

  test.each([
    ['is lost', (list: LiveSource<readonly Instance[]>) => list.markStale('gone', 0)],
    ['says that nobody is left', (list: LiveSource<readonly Instance[]>) => list.set([])],
  ])('grows old while the registry %s', async (_, happens) => {
    const { watched, instances, clock, lastKnown } = run();
    watched.of('inventory');
    instances.set([anInstance()]);
    await clock.advance(100);
    await vi.waitFor(async () => expect(await savedAtMs()).toBe(1_700_000_000_100));
    happens(instances);
    await clock.advance(1_800_000);
    await lastKnown.close();
    expect(await savedAtMs()).toBe(1_700_000_000_100);
  });

  test('is kept over a run that did not ask for its service', async () => {
    await before(1);
    const between = run();
    between.lastKnown.note('pricing', liveValue([anInstance({ id: 'pricing-1', service: 'pricing' })]));
    await between.lastKnown.close();
    expect(run({ answers: false }).watched.of('inventory').value).toHaveLength(1);
  });
});

describe('writing', () => {
  test('waits for a while, writes once, and leaves no other file behind', async () => {
    const { watched, instances, clock, lastKnown } = run();
    watched.of('inventory');
    for (const port of [1, 2, 3]) instances.set([anInstance({ port })]);
    await clock.advance(99);
    expect(await readdir(folder)).toEqual([]);
    await clock.advance(1);
    await lastKnown.close();
    expect(await readdir(folder)).toEqual(['known.json']);
    expect(JSON.parse(await readFile(file, 'utf8')).services.inventory.instances).toMatchObject([{ port: 3 }]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(clock.pending).toBe(0);
  });

  test('that fails is said once and stops nobody', async () => {
    file = join(folder, 'no-such-folder', 'known.json');
    const { lastKnown, warnings } = run();
    for (const port of [1, 2]) {
      lastKnown.note('inventory', liveValue([anInstance({ port })]));
      await lastKnown.close();
    }
    expect(warnings).toHaveLength(1);
  });
});

describe('a file that is', () => {
  test.each([
    ['cut off', '{"services":{"inventory":{"sav'],
    ['something else', '[1,2]'],
    ['larger than 16 MiB', ' '.repeat(16 * 1024 * 1024 + 1)],
  ])('%s is said to be of no use, and is written anew', async (_, text) => {
    await writeFile(file, text);
    const { lastKnown, warnings } = run();
    expect(warnings).toHaveLength(1);
    lastKnown.note('inventory', liveValue([anInstance()]));
    await lastKnown.close();
    expect(run({ answers: false }).watched.of('inventory').value).toHaveLength(1);
  });

  test('right but for a date that no calendar has is not used', async () => {
    const services = { inventory: { savedAtMs: 1e300, instances: [anInstance()] } };
    await writeFile(file, JSON.stringify({ services }));
    expect(run({ answers: false }).watched.of('inventory').value).toEqual([]);
  });

  test('right in part gives what is right', async () => {
    const savedAtMs = 1_700_000_000_000;
    const instances = [anInstance(), { ...anInstance(), port: -1 }, anInstance({ service: 'pricing' }), null];
    const text = JSON.stringify({
      services: { inventory: { savedAtMs, instances }, broken: { instances: 3 }, none: 7 },
    });
    await writeFile(file, text);
    const { lastKnown, warnings } = run();
    expect(lastKnown.of('inventory')?.instances).toEqual([anInstance()]);
    expect(lastKnown.of('broken')).toBeUndefined();
    expect(lastKnown.of('none')).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  test('with a dangerous key is refused, says where the key stands, and is kept aside', async () => {
    const text = JSON.stringify({ services: { a: { instances: [{ metadata: { key: 'x' } }] } } });
    await writeFile(file, text.replace('"key"', '"__proto__"'));
    const { lastKnown, warnings } = run();
    expect(lastKnown.of('a')).toBeUndefined();
    expect(warnings).toEqual([
      expect.objectContaining({
        problem: expect.stringContaining('"services.a.instances.0.metadata.__proto__"'),
        kept: `${file}.bad`,
      }),
    ]);
  });
});
