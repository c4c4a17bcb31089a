import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { background, type CallContext, currentContext, eventBus, type FwkEvent, noLogger, sleep } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { expect, onTestFinished, test } from 'vitest';
import { coreErrors } from '../core-errors.js';
import { managementServer } from './management-server.js';
import { profileEndpoints } from './profile-endpoints.js';
import { type Profiler, v8Profiler } from './profiler.js';

const app = { name: 'shop', version: '1.0.0', owner: 'us', instanceId: 'shop/1' };
const mebibyte = 2 ** 20;

/** A management server with profiles that are made by hand. */
async function started(more: Partial<Profiler> = {}) {
  const clock = fakeClock();
  const events = eventBus({ clock });
  const audit: FwkEvent[] = [];
  events.on('management.*', (event) => void audit.push(event));
  const cancelled: unknown[] = [];
  const profiler: Profiler = {
    heapSnapshot: async () => Readable.from(['{"snapshot":', '{}}']),
    async cpuProfile(forMs: number, context: CallContext) {
      context.onCancel((reason) => void cancelled.push(reason));
      await sleep(clock, forMs, context);
      return '{"nodes":[]}';
    },
    memory: () => ({ heapBytes: 10 * mebibyte, processBytes: 50 * mebibyte, limitBytes: undefined }),
    ...more,
  };
  const server = managementServer({
    ...{ app, host: '127.0.0.1', port: 0, token: undefined, endpoints: profileEndpoints(app, clock, profiler) },
    ...{ events, clock, logger: noLogger, errors: coreErrors },
  });
  await server.start();
  onTestFinished(() => server.stop());
  const authorization = `Bearer ${readFileSync(server.tokenFile ?? '', 'utf8')}`;
  const ask = (path: string, init: RequestInit = { headers: { authorization } }) =>
    fetch(`${server.url}/manage/${path}`, init);
  /** The same as a stream that is read or left by hand. */
  const open = (path: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get(`${server.url}/manage/${path}`, { headers: { authorization }, agent: false }, resolve).on('error', reject);
    });
  return { ask, open, clock, audit, cancelled, authorization };
}

test('take the token although nothing is changed, and leave a line that says who and why', async () => {
  const { ask, audit } = await started();
  for (const path of ['heap-snapshot', 'cpu-profile']) {
    const refused = await ask(path, {});
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await ask(path, { method: 'HEAD' })).status).toBe(401);
  }
  expect(audit.map(({ name }) => name)).toEqual(Array(4).fill('management.refused'));
  audit.length = 0;
  await (await ask('heap-snapshot?actor=ann&reason=leak')).text();
  expect(audit).toMatchObject([
    {
      name: 'management.changed',
      data: {
        ...{ method: 'GET', path: 'heap-snapshot', actor: 'ann', reason: 'leak', done: true },
        answer: { file: expect.stringMatching(/^shop-shop\/1-2023.*\.heapsnapshot$/) },
      },
    },
  ]);
});

test('are downloads with names for files, which nothing in a name can break', async () => {
  const { ask } = await started();
  const snapshot = await ask('heap-snapshot');
  expect(snapshot.headers.get('content-disposition')).toMatch(
    /^attachment; filename="shop-shop_1-2023-11-14T22-13-20-000Z\.heapsnapshot"$/,
  );
  expect(await snapshot.json()).toEqual({ snapshot: {} });
});

test('a CPU profile takes as long as it is asked to', async () => {
  const { ask, clock } = await started();
  const answer = ask('cpu-profile?seconds=2.5');
  while (clock.pending < 2) await clock.settle();
  await clock.advance(2500);
  expect(await (await answer).json()).toEqual({ nodes: [] });
});

test.each(['0', '0.05', '61', '-1', '1e1', 'NaN', '', '10s', '0x10'])('seconds=%s is refused', async (seconds) => {
  const { ask } = await started();
  expect((await ask(`cpu-profile?seconds=${seconds}`)).status).toBe(400);
});

test('one is taken at a time: others are told which, since when and to come back', async () => {
  const { ask, clock } = await started();
  const first = ask('cpu-profile?seconds=5');
  while (clock.pending < 2) await clock.settle();
  await clock.advance(2000);
  for (const path of ['cpu-profile', 'heap-snapshot', 'cpu-profile?seconds=1']) {
    const refused = await ask(path);
    expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
      409,
      'a CPU profile is being taken, for 2 s so far; one is taken at a time, so ask again when it is done',
    ]);
  }
  await clock.advance(3000);
  expect((await first).status).toBe(200);
  await (await first).text();
  expect((await ask('heap-snapshot')).status).toBe(200);
});

test('a client that leaves ends the profile, and makes room', async () => {
  const { ask, clock, cancelled, authorization } = await started();
  const leave = new AbortController();
  const left = ask('cpu-profile?seconds=60', { headers: { authorization }, signal: leave.signal });
  while (clock.pending < 2) await clock.settle();
  leave.abort();
  await expect(left).rejects.toThrow('abort');
  await expect.poll(() => cancelled.length).toBe(1);
  expect(clock.pending).toBe(0);
  expect((await ask('heap-snapshot')).status).toBe(200);
});

test('a snapshot is made no faster than it is read, and given up when its client leaves', async () => {
  let made = 0;
  let closed = false;
  const piece = Buffer.alloc(1 << 16, 'x');
  const endless = async () => {
    const file = new Readable({
      read() {
        made++;
        this.push(piece);
      },
      destroy(error, done) {
        closed = true;
        done(error);
      },
    });
    return file;
  };
  const { open, ask } = await started({ heapSnapshot: endless });
  const response = (await open('heap-snapshot')).pause();
  response.on('error', () => {});
  let before = -1;
  // It stops when the buffers on the way are full.
  await expect
    .poll(
      () => {
        const still = made === before;
        before = made;
        return still;
      },
      { interval: 100 },
    )
    .toBe(true);
  expect(made * piece.length).toBeLessThan(64 * mebibyte);
  response.destroy();
  await expect.poll(() => closed).toBe(true);
  expect((await ask('cpu-profile?seconds=0')).status).toBe(400);
});

test('a client that does not read on is cut off, and makes room', async () => {
  let closed = false;
  const endless = async () =>
    new Readable({
      read() {
        this.push(Buffer.alloc(1 << 16, 'x'));
      },
      destroy(error, done) {
        closed = true;
        done(error);
      },
    });
  const { open, clock } = await started({ heapSnapshot: endless });
  const response = (await open('heap-snapshot')).pause();
  response.on('error', () => {});
  while (clock.pending < 1) await clock.settle();
  await clock.advance(10_000);
  await expect.poll(() => closed).toBe(true);
});

test('a client that leaves while its snapshot is taken makes room', async () => {
  let taken = (_file: Readable) => {};
  let asked = 0;
  let context = background;
  const heapSnapshot = () => {
    if (asked++ > 0) return Promise.resolve(Readable.from(['{}']));
    context = currentContext();
    return new Promise<Readable>((resolve) => {
      taken = resolve;
    });
  };
  const { ask, authorization } = await started({ heapSnapshot });
  const leave = new AbortController();
  const left = ask('heap-snapshot', { headers: { authorization }, signal: leave.signal });
  await expect.poll(() => asked).toBe(1);
  leave.abort();
  await expect(left).rejects.toThrow('abort');
  await expect.poll(() => context.cancelled).toBe(true);
  const file = Readable.from(['{}']);
  taken(file);
  await expect.poll(() => file.destroyed).toBe(true);
  expect((await ask('heap-snapshot')).status).toBe(200);
});

test('a snapshot that would not fit into memory is refused with the numbers, unless it is asked for all the same', async () => {
  const memory = () => ({ heapBytes: 200 * mebibyte, processBytes: 350 * mebibyte, limitBytes: 512 * mebibyte });
  const { ask } = await started({ memory });
  const refused = await ask('heap-snapshot');
  expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
    507,
    expect.stringMatching(/200 MiB .* 350 MiB .* 512 MiB.*\?force=true/),
  ]);
  expect((await ask('heap-snapshot?force=true')).status).toBe(200);
});

test('a profiler that fails makes room', async () => {
  let times = 0;
  const heapSnapshot = async () => {
    if (times++ === 0) throw new Error('no inspector here');
    return Readable.from(['{}']);
  };
  const { ask } = await started({ heapSnapshot });
  const failed = await ask('heap-snapshot');
  expect([failed.status, await failed.text()]).toEqual([500, expect.not.stringContaining('inspector')]);
  expect((await ask('heap-snapshot')).status).toBe(200);
});

test('HEAD takes none', async () => {
  const { ask, authorization } = await started({ heapSnapshot: () => expect.unreachable() });
  const head = await ask('heap-snapshot', { method: 'HEAD', headers: { authorization } });
  expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/json']);
});

test("V8's own profiler tells which functions ran", async () => {
  const clock = fakeClock();
  const profile = v8Profiler(clock).cpuProfile(100, background);
  while (clock.pending < 1) await new Promise(setImmediate);
  await clock.advance(100);
  const { nodes, startTime, endTime } = JSON.parse(await profile);
  expect(nodes.length).toBeGreaterThan(0);
  expect(endTime).toBeGreaterThan(startTime);
});
