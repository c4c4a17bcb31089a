import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../fixtures/free-port.js';
import { localRegistry } from '../registries/local/local-registry.js';
import { serveRegistry } from '../registries/local/serve-registry.js';
import { anInstance } from '../testing/instances.js';

const program = fileURLToPath(new URL('../../bin/fwk-registry.js', import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args]);
  children.push(child);
  let output = '';
  const closed = once(child, 'close');
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return {
    child,
    async said(text: string): Promise<void> {
      while (!output.includes(text)) {
        if (child.exitCode !== null) throw new Error(`it ended without saying "${text}": ${output}`);
        await Promise.race([once(child.stdout, 'data'), closed]);
      }
    },
    async ended() {
      await closed;
      return { code: child.exitCode, output };
    },
  };
}

describe('fwk-registry', () => {
  test('serves until it is stopped, and says which services it knows', async () => {
    const port = await freePort();
    const { child, said, ended } = start('--port', String(port));
    await said(`local 127.0.0.1:${port} is served by this process`);
    const registry = localRegistry({ port, serve: false });
    await registry.register(anInstance());
    await said('services: inventory');
    await registry.close();
    await said('services: none');
    child.kill('SIGTERM');
    expect(await ended()).toMatchObject({ code: 0, output: expect.stringContaining('stopped') });
  });

  test('stands by where another serves, and takes over when that one ends', async () => {
    const port = await freePort();
    const first = start('--port', String(port));
    await first.said('is served by this process');
    const second = start('--port', String(port));
    await second.said('is served by another process; standing by');
    first.child.kill('SIGKILL');
    await second.said('is served by this process');
  });

  test('lists who is there, overrides the word of an instance, and lifts that again', async () => {
    const port = String(await freePort());
    const served = start('--port', port);
    await served.said('is served by this process');
    expect(await start('list', '--port', port).ended()).toMatchObject({ code: 0, output: 'nobody is registered\n' });
    const registry = localRegistry({ port: Number(port), serve: false });
    await registry.register(anInstance());
    const because = ['--cause', 'its disk is full', '--actor', 'alice', '--port', port];
    const set = await start('override', 'inventory-1', 'OUT_OF_SERVICE', ...because).ended();
    expect(set).toMatchObject({ code: 0, output: expect.stringContaining('inventory-1 is OUT_OF_SERVICE for all') });
    const early = await start('override', 'typo-1', 'DOWN', ...because).ended();
    expect(early).toMatchObject({ code: 0, output: expect.stringContaining('nobody is called typo-1 yet') });
    const bad = await start('override', 'bad id', 'DOWN', ...because).ended();
    expect(bad).toMatchObject({ code: 1, output: expect.stringContaining('"bad id" was refused: id must be') });
    const table = await start('list', '--port', port).ended();
    expect(table.output).toMatch(/inventory-1 .* OUT_OF_SERVICE +its disk is full \(alice\)/);
    expect(await start('lift', 'inventory-1', '--port', port).ended()).toMatchObject({ code: 0 });
    const again = await start('lift', 'inventory-1', '--port', port).ended();
    expect(again).toEqual({ code: 1, output: 'inventory-1 was not overridden\n' });
    const { output } = await start('list', '--json', '--port', port).ended();
    expect(JSON.parse(output).instances).toMatchObject([{ id: 'inventory-1', status: 'UP' }]);
    await registry.close();
  });

  test('asks for the token in the file, wherever it is served', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fwk-registry-'));
    const file = join(folder, 'token');
    await writeFile(file, 'a-token-of-some-length\n');
    const port = String(await freePort());
    const served = start('--port', port, '--host', '0.0.0.0', '--token-file', file);
    await served.said('is served by this process');
    expect(await start('list', '--port', port, '--token-file', file).ended()).toMatchObject({ code: 0 });
    const denied = await start('list', '--port', port).ended();
    expect(denied).toMatchObject({ code: 1, output: expect.stringContaining('FWK_REGISTRY_TOKEN') });
    await rm(folder, { recursive: true });
  });

  test('says that nobody serves, and ends, when it is asked of nobody', async () => {
    const { code, output } = await start('list', '--port', String(await freePort())).ended();
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('ECONNREFUSED') });
    expect(output).not.toMatch(/\n {4}at /);
  });

  test('says what is wrong with its snapshot, and goes on', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fwk-registry-'));
    const snapshot = join(folder, 'snapshot.json');
    await writeFile(snapshot, '{"entries": [');
    const { said } = start('--port', String(await freePort()), '--snapshot', snapshot);
    await said('the snapshot of the registry cannot be used');
    await said(`kept: ${snapshot}.bad`);
    await said('is served by this process');
    await rm(folder, { recursive: true });
  });

  test('stays when nobody reads its output any more', async () => {
    const port = await freePort();
    const { child, said } = start('--port', String(port));
    await said('is served by this process');
    child.stdout.destroy();
    for (const id of ['inventory-1', 'inventory-2']) {
      const registry = localRegistry({ port, serve: false });
      await registry.register(anInstance({ id, service: id }));
      await registry.close();
    }
    expect(child.exitCode).toBe(null);
    expect(await start('list', '--port', String(port)).ended()).toMatchObject({ code: 0 });
  });

  test('ends where something else answers, or asks for a token that it was not given', async () => {
    const other = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const taken = await start('--port', String(port)).ended();
    expect(taken).toMatchObject({ code: 1, output: expect.stringContaining('another program listens there') });
    other.close();
    const guarded = await serveRegistry({ port: 0, token: 'a-token-of-some-length' });
    const denied = await start('--port', String(guarded.port)).ended();
    expect(denied).toMatchObject({ code: 1, output: expect.stringContaining('FWK_REGISTRY_TOKEN') });
    await guarded.close();
  });

  test.each([
    [['--snapshot', '/no/such/folder/snapshot.json'], 'no snapshot can be kept in /no/such/folder'],
    [['--host', 'no-such-host.invalid'], 'no registry can be served at no-such-host.invalid'],
    [['--host', '192.0.2.1'], 'it is no address of this machine'],
  ])('called with %j ends at once, since it could never serve, and says why', async (args, text) => {
    const port = String(await freePort());
    const folder = await mkdtemp(join(tmpdir(), 'fwk-registry-'));
    const token = join(folder, 'token');
    await writeFile(token, 'a-token-of-some-length\n');
    const { code, output } = await start('--port', port, '--token-file', token, ...args).ended();
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining(text) });
    expect(output).not.toContain('fwk-registry list');
    await rm(folder, { recursive: true });
  });

  test.each([
    [['--port', 'x'], 2, '--port must be a port, not x'],
    [['--port', '70000'], 2, 'from 1 to 65535'],
    [['--host', '0.0.0.0'], 2, 'set a token'],
    [['--token-file', '/no/such/file'], 2, '--token-file cannot be read'],
    [['override', 'inventory-1', 'AWAY', '--cause', 'x'], 2, 'the status must be one of'],
    [['override', 'inventory-1', 'DOWN'], 2, '--cause TEXT'],
    [['lift'], 2, 'lift takes 1 arguments, not 0'],
    [['dance'], 2, 'there is no command dance'],
    [['--nope'], 2, '--nope'],
    [['--help'], 0, 'It serves one machine'],
  ])('called with %j ends with %i and says why', async (args, code, text) => {
    const end = await start(...args).ended();
    expect(end.code).toBe(code);
    expect(end.output).toContain(text);
    expect(end.output).not.toMatch(/\n {4}at /);
  });
});
