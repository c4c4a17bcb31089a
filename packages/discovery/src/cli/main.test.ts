import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../fixtures/free-port.js';
import { localRegistry } from '../registries/local/local-registry.js';
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

  test.each([
    [['--port', 'x'], 2, '--port must be a port, not x'],
    [['--port', '70000'], 2, 'from 1 to 65535'],
    [['--host', '0.0.0.0'], 2, 'loopback'],
    [['--nope'], 2, '--nope'],
    [['--help'], 0, 'It serves one machine'],
  ])('called with %j ends with %i and says why', async (args, code, text) => {
    const end = await start(...args).ended();
    expect(end.code).toBe(code);
    expect(end.output).toContain(text);
    expect(end.output).not.toMatch(/\n {4}at /);
  });
});
