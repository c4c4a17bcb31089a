/** Servers at Unix sockets: real sockets, and real processes that end without a word. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer as netServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cancellable, fromSignal, makeEnv, OptionsError } from '@fwk/kernel';
import { fakeClock, testAuthority } from '@fwk/kernel/testing';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { quietApp } from '../fixtures/quiet-app.js';
import { shop, startShop } from '../fixtures/waiting-shop.js';
import { served } from '../serving/served.js';
import { http } from './http.js';
import type { HttpServer } from './http-server.js';
import { createServer } from './server.js';
import type { ServerOptions } from './server-options.js';

const fixture = fileURLToPath(new URL('../fixtures/socket-server.mjs', import.meta.url));

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-socket-'));
  path = join(folder, 'shop.sock');
  const made = folder;
  onTestFinished(() => rm(made, { recursive: true, force: true }));
});

const servers: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(options: Partial<ServerOptions> = {}): Promise<HttpServer> {
  const server = await startShop({ socketPath: path, ...options });
  servers.push(server);
  return server;
}

function ask(
  target: string,
  headers: Record<string, string> = {},
  at = path,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: at, path: target, headers, agent: false }, async (answer) => {
      let text = '';
      for await (const part of answer.setEncoding('utf8')) text += part;
      resolve({ status: answer.statusCode ?? 0, text });
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** A process with a server at a socket. */
async function started(...args: readonly string[]): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [fixture, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return { child, said: said.trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function rights(of = path): Promise<number> {
  return Number((await lstat(of)).mode) & 0o777;
}

describe('a server at a Unix socket', () => {
  test('answers there, and says where it is', async () => {
    const server = await start();
    expect(await ask('/wait')).toEqual({ status: 200, text: '""' });
    expect((await ask('/readyz')).status).toBe(200);
    expect(server).toMatchObject({ url: `unix:${path}`, socketPath: path, host: '', port: 0, listening: true });
  });

  test('lets only its own user connect, and leaves nothing else in the folder', async () => {
    await start();
    expect(await rights()).toBe(0o600);
    expect(await readdir(folder)).toEqual(['shop.sock']);
  });

  test.each([0o660, 0o666, 0o200])('has the permissions %o where they are asked for', async (socketMode) => {
    await start({ socketMode });
    expect(await rights()).toBe(socketMode);
  });

  test('removes its socket when it stops', async () => {
    const server = await start();
    await server.stopAccepting();
    expect(await readdir(folder)).toEqual([]);
    expect(server.listening).toBe(false);
  });

  test('leaves a socket that another has put in the place of its own', async () => {
    const first = await start();
    await rm(path);
    await start();
    await first.close();
    expect((await ask('/wait')).status).toBe(200);
  });

  test('leaves a file that another has put in the place of its own', async () => {
    const server = await start();
    await rm(path);
    await writeFile(path, 'mine');
    await server.close();
    expect(await readdir(folder)).toEqual(['shop.sock']);
  });

  test('replaces the socket of a process that was killed', async () => {
    const { child, said } = await started(path);
    expect(said).toBe('listening');
    await kill(child);
    expect((await lstat(path)).isSocket()).toBe(true);
    await start();
    expect((await ask('/wait')).status).toBe(200);
    expect(await readdir(folder)).toEqual(['shop.sock']);
  });

  test('does not start where another process listens, and leaves it alone', async () => {
    await started(path);
    const own = createServer({ socketPath: path });
    await expect(own.start()).rejects.toMatchObject({ code: 'FWK_HTTP_SOCKET_TAKEN', details: { path } });
    expect((await ask('/readyz')).status).toBe(200);
    expect(await readdir(folder)).toEqual(['shop.sock']);
  });

  test('does not start where a process listens that stands still', async () => {
    const { child } = await started(path);
    child.kill('SIGSTOP');
    await expect(createServer({ socketPath: path }).start()).rejects.toMatchObject({ code: 'FWK_HTTP_SOCKET_TAKEN' });
    child.kill('SIGCONT');
    expect((await ask('/readyz')).status).toBe(200);
  });

  test('has one that listens in the end, when many start at a stale socket at once', async () => {
    const { child } = await started(path);
    await kill(child);
    const several = Array.from({ length: 8 }, () => createServer({ socketPath: path }));
    servers.push(...several);
    const results = await Promise.allSettled(several.map((server) => server.start()));
    const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
    expect(failed).toEqual(new Array(7).fill('FWK_HTTP_SOCKET_TAKEN'));
    expect((await ask('/readyz')).status).toBe(200);
    expect(await readdir(folder)).toEqual(['shop.sock']);
  });

  test('is one of several that start in several threads at a stale socket, and none loses its place to another', async () => {
    const race = fileURLToPath(new URL('../fixtures/socket-race.mjs', import.meta.url));
    const child = spawn(process.execPath, [race, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [said] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    const { rounds, listened, reached } = JSON.parse(said) as { rounds: number; listened: number[]; reached: number };
    expect(listened).toEqual(new Array(rounds).fill(1));
    expect(reached).toBe(rounds);
    expect(await readdir(folder)).toEqual([]);
  });

  test('replaces a stale socket that a server had claimed which was killed then', async () => {
    const { child } = await started(path);
    await kill(child);
    const { ino, mtimeNs } = await lstat(path, { bigint: true });
    await mkdir(join(folder, `.shop.sock.${ino}-${mtimeNs}`));
    await start();
    expect((await ask('/wait')).status).toBe(200);
    expect(await readdir(folder)).toEqual(['shop.sock']);
  });

  test.each<[string, (server: HttpServer, cancel: () => void) => void]>([
    ['its start is cancelled', (_, cancel) => cancel()],
    ['it is closed', (server) => void server.close()],
  ])('waits no longer for another server that replaces a stale socket when %s', async (_, end) => {
    const { child } = await started(path);
    await kill(child);
    const { ino, mtimeNs } = await lstat(path, { bigint: true });
    const claim = join(folder, `.shop.sock.${ino}-${mtimeNs}`);
    await mkdir(claim);
    const { context, cancel } = cancellable();
    // Waits that no time ends.
    const env = makeEnv({ clock: fakeClock() });
    const server = createServer({ socketPath: path, env });
    const starting = server.start(context).catch((reason: unknown) => reason);
    await expect.poll(() => readdir(folder).then((names) => names.length)).toBe(3);
    end(server, () => cancel(new Error('no longer wanted')));
    expect(await starting).toBeInstanceOf(Error);
    await server.close();
    expect((await readdir(folder)).sort()).toEqual([claim.slice(folder.length + 1), 'shop.sock']);
  });

  test.each([
    ['a file', () => writeFile(path, 'precious')],
    ['a folder', () => mkdir(path)],
    ['a symbolic link', () => symlink(join(folder, 'nowhere'), path)],
  ])('does not start where there is %s, and leaves it', async (found, put) => {
    await put();
    const error = await createServer({ socketPath: path })
      .start()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'FWK_HTTP_NOT_A_SOCKET', details: { path, found } });
    expect(String(error)).toContain(path);
    expect(await readdir(folder)).toEqual(['shop.sock']);
  });

  test('does not start where so many wait for a process that nobody can ask', async () => {
    const { child } = await started(path);
    child.kill('SIGSTOP');
    // Elsewhere than on Linux the system says then that nobody listens.
    const waiting = Array.from({ length: process.platform === 'linux' ? 600 : 0 }, () => connect({ path }));
    onTestFinished(() => {
      for (const socket of waiting) socket.destroy();
    });
    for (const socket of waiting) socket.on('error', () => {});
    const error = await createServer({ socketPath: path })
      .start()
      .catch((reason: unknown) => String(reason));
    expect(error).toMatch(
      process.platform === 'linux' ? /may be in use, since connecting to it failed \(.*EAGAIN/ : /is in use/,
    );
    expect((await lstat(path)).isSocket()).toBe(true);
  });

  test('does not start in a folder that does not exist, and says so', async () => {
    const missing = join(folder, 'none', 'shop.sock');
    const error = await createServer({ socketPath: missing })
      .start()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'FWK_HTTP_LISTEN_FAILED', details: { path: missing } });
    expect(String(error)).toMatch(/shop\.sock.*ENOENT.*check that its folder exists/);
  });

  test('starts with the longest path that a socket can have, and not with a longer one', async () => {
    const max = process.platform === 'linux' ? 107 : 103;
    const longest = join(folder, 'x'.repeat(max - Buffer.byteLength(folder) - 1));
    await start({ socketPath: longest });
    expect((await ask('/wait', {}, longest)).status).toBe(200);
    expect(() => createServer({ socketPath: `${longest}x` })).toThrow(`${max} bytes, not ${max + 1}`);
    expect(() => http({ socketPath: `${longest}x` })).toThrow(OptionsError);
  });

  test('starts with a short name in the longest folder that leaves room to bind it', async () => {
    const max = process.platform === 'linux' ? 107 : 103;
    const deep = join(folder, 'x'.repeat(max - Buffer.byteLength(folder) - 5));
    await mkdir(deep);
    await start({ socketPath: join(deep, 'a') });
    expect(await readdir(deep)).toEqual(['a']);
    const deeper = `${deep}x`;
    expect(() => createServer({ socketPath: join(deeper, 'a') })).toThrow(`needs ${max + 1} bytes while it is bound`);
  });

  test('is no longer there when its start was given up', async () => {
    const server = createServer({ socketPath: path });
    const { context } = fromSignal(AbortSignal.abort());
    await expect(server.start(context)).rejects.toThrow();
    await expect.poll(() => readdir(folder), { timeout: 10_000 }).toEqual([]);
  });

  test('answers a request that is no HTTP', async () => {
    await start();
    const socket = connect({ path });
    socket.write('nonsense\r\n\r\n');
    let text = '';
    for await (const part of socket.setEncoding('latin1')) text += part;
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('counts all its callers as one, and trusts what they say only where `unix` is listed', async () => {
    const limited = { rateLimit: { burst: 1, permitsPerSecond: 0.01 } };
    for (const [trustedNetworks, second] of [
      [[], 429],
      [['127.0.0.0/8'], 429],
      [['unix'], 200],
    ] as const) {
      const at = join(folder, `${second}${trustedNetworks.length}.sock`);
      await start({ socketPath: at, trustedNetworks, ...limited });
      expect((await ask('/wait', { 'fwk-caller': 'one' }, at)).status).toBe(200);
      expect((await ask('/wait', { 'fwk-caller': 'two' }, at)).status).toBe(second);
    }
  });
});

describe('socketPath is refused when a server is made', () => {
  const authority = testAuthority();
  test.each([
    ['with a host', { host: '0.0.0.0' }, 'replaces host and port'],
    ['with a port', { port: 8080 }, 'replaces host and port'],
    ['with TLS', { tls: authority.issue() }, 'tls cannot be used with socketPath'],
    ['with a mode that is out of range', { socketMode: 0o1600 }, 'permissions of a file'],
    ['with a mode as text', { socketMode: '660' }, 'permissions of a file'],
    ['with rights that leave its own user out', { socketMode: 0o066 }, 'its own user may write'],
  ])('%s', (_, options, problem) => {
    expect(() => createServer({ socketPath: path, ...options } as never)).toThrow(problem);
    expect(() => http({ socketPath: path, ...options } as never)).toThrow(problem);
  });

  test('with advertise', () => {
    expect(() => http({ socketPath: path, advertise: { port: 80 } })).toThrow('a Unix socket is not announced');
  });

  test('on Windows', () => {
    vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
    onTestFinished(() => void vi.restoreAllMocks());
    expect(() => createServer({ socketPath: path })).toThrow(/socketPath must be .*Windows/);
  });

  test('in a worker of a cluster', async () => {
    const { said } = await started(path, 'cluster');
    expect(said).toMatch(/^FWK_KERNEL_OPTIONS_INVALID .*socketPath cannot be used in a worker of a cluster/);
    expect(await readdir(folder)).toEqual([]);
  });
});

test('a socket where a program of another kind listens is left alone', async () => {
  const other = netServer().listen(path);
  await once(other, 'listening');
  await expect(createServer({ socketPath: path }).start()).rejects.toMatchObject({ code: 'FWK_HTTP_SOCKET_TAKEN' });
  expect((await lstat(path)).isSocket()).toBe(true);
  other.close();
});

test('an application at a Unix socket is up, is announced to nobody, and has a second server on a port', async () => {
  const serve = [served(shop, { wait: async () => 'done', order: () => 'done', big: () => '' })];
  const { app, heard } = quietApp('shop', [http({ serve, socketPath: path }), http({ serve })]);
  await app.start();
  onTestFinished(() => app.stop());
  expect(heard).toHaveLength(1);
  expect(heard[0]).toMatchObject({ address: '127.0.0.1' });
  expect((await ask('/wait')).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${heard[0]?.port}/wait`)).status).toBe(200);
  const health = await (await fetch(`${app.managementUrl}/manage/health`)).json();
  expect(JSON.stringify(health)).toContain(`unix:${path}`);
  expect(JSON.stringify(health)).not.toContain('DOWN');
  await app.stop();
  expect(await readdir(folder)).toEqual([]);
});
