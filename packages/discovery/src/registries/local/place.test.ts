import { once } from 'node:events';
import { chmod, mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noLogger } from '@fwk/kernel';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.js';
import { anInstance } from '../../testing/instances.js';
import { checkLocalOptions } from './local-options.js';
import { localRegistry } from './local-registry.js';
import { problemOf, socketPlace } from './place.js';
import { serveRegistry } from './serve-registry.js';

let parent = '';
let socketDirectory = '';

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'fwk-place-'));
  socketDirectory = join(parent, 'own');
});

afterEach(() => rm(parent, { recursive: true }));

const placeIn = (directory: string) => socketPlace(checkLocalOptions({ socketDirectory: directory }, {}), 4810);

describe('the directory for the socket', () => {
  test('is made for this user alone, and the socket in it as well', async () => {
    await using served = await serveRegistry({ port: await freePort(), socketDirectory });
    expect((await stat(socketDirectory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(socketDirectory, `registry-${served.port}.sock`))).mode & 0o777).toBe(0o600);
  });

  test('is refused when others may enter it, which is said with what to do, and used as soon as that is mended', async () => {
    await placeIn(socketDirectory);
    await chmod(socketDirectory, 0o755);
    const registry = localRegistry({ port: await freePort(), socketDirectory, maxPauseMs: 20 }, { logger: noLogger });
    const registering = registry.register(anInstance());
    await expect
      .poll(() => registry.connection.value.reason)
      .toMatch(/is open to other users \(chmod 700 mends it\).*FWK_REGISTRY_SOCKET_DIRECTORY/);
    await chmod(socketDirectory, 0o700);
    await registering;
    await registry.close();
  });

  test('is refused when it is a link, wherever that leads', async () => {
    await placeIn(socketDirectory);
    await symlink(socketDirectory, join(parent, 'link'));
    await expect(placeIn(join(parent, 'link'))).rejects.toThrow('is no directory');
  });

  test('is refused where it cannot be made', async () => {
    await expect(placeIn(join(parent, 'missing', 'own'))).rejects.toThrow(/cannot be made: ENOENT/);
  });

  test('whose name is too long for a socket is refused, with the limit and how long it is', async () => {
    const long = join(parent, 'x'.repeat(100));
    await expect(placeIn(long)).rejects.toThrow(/has \d{3} bytes, at most 10[37] fit/);
    expect(() => checkLocalOptions({ socketDirectory: 'relative' }, {})).toThrow('an absolute path');
  });

  const [me, stranger] = [process.geteuid?.() ?? 0, 12_345];
  const own = { uid: me, mode: 0o700, isDirectory: () => true };
  const around = { uid: 0, mode: 0o1777, isDirectory: () => true };
  test.each([
    ['another user’s', { ...own, uid: stranger }, around, 'belongs to the user 12345'],
    ['in a directory of another user', own, { ...around, uid: stranger }, 'stands in a directory of the user 12345'],
    ['where everybody may replace it', own, { ...around, mode: 0o777 }, 'everybody may replace it'],
    ['open to a group', { ...own, mode: 0o770 }, around, 'is open to other users'],
    ['one’s own', own, around, undefined],
  ])('is judged: %s', (_what, directory, parentOfIt, problem) => {
    const found = problemOf(directory as never, parentOfIt as never);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(problem);
  });
});

describe('the socket', () => {
  test('that is left of a process that was killed is replaced', async () => {
    const port = await freePort();
    const path = await socketPlace(checkLocalOptions({ socketDirectory }, {}), port);
    const left = createServer().listen(path);
    await once(left, 'listening');
    // The file stays where nobody listens any more.
    const { link, rename } = await import('node:fs/promises');
    await link(String(path), `${path}~`);
    left.close();
    await rename(`${path}~`, String(path));
    await using served = await serveRegistry({ port, socketDirectory });
    const registry = localRegistry({ port: served.port, socketDirectory, serve: false });
    await registry.register(anInstance());
    await registry.close();
  });

  test('is gone with its registry', async () => {
    const served = await serveRegistry({ port: 0, socketDirectory });
    await served.close();
    await expect(stat(join(socketDirectory, `registry-${served.port}.sock`))).rejects.toThrow('ENOENT');
  });

  test('is not opened where there is a token: whoever knows it comes by the port', async () => {
    await using served = await serveRegistry({ port: 0, socketDirectory, token: 'a-token-of-some-length' });
    await expect(stat(join(socketDirectory, `registry-${served.port}.sock`))).rejects.toThrow('ENOENT');
  });
});

describe('the port', () => {
  test('is for reading, a page at a time, when there is a socket', async () => {
    const port = await freePort();
    await using served = await serveRegistry({ port, socketDirectory });
    const registry = localRegistry({ port, socketDirectory, serve: false });
    for (const id of ['i3', 'i1', 'i2']) await registry.register(anInstance({ id, service: `of-${id}` }));
    const read = async (path: string) => {
      const { status, ...answer } = (await (await fetch(`${served.url}/v1/${path}`)).json()) as Record<string, unknown>;
      return { status, ...answer };
    };
    expect(await read('instances?limit=2')).toMatchObject({ instances: [{ id: 'i1' }, { id: 'i2' }], next: 'i2' });
    const last = await read('instances?limit=2&after=i2');
    expect(last).toMatchObject({ instances: [{ id: 'i3' }] });
    expect(last).not.toHaveProperty('next');
    expect(await read('services?limit=1&after=of-i1')).toMatchObject({ services: ['of-i2'], next: 'of-i2' });
    expect(await read('state?limit=1')).toMatchObject({ instances: 3, leases: [{ id: 'i1' }] });
    for (const limit of ['0', '1001', '-1', 'x', '']) {
      expect(await read(`instances?limit=${limit}`), limit).toMatchObject({ status: 400 });
    }
    const write = await fetch(`${served.url}/v1/instances/i1`, { method: 'DELETE' });
    expect([write.status, await write.text()]).toEqual([403, expect.stringContaining('the port is for reading')]);
    await registry.close();
  });
});
