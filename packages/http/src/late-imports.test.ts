/** Pins which libraries the packages import, and when: each costs the start of every service that imports it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));

/** Runs a program against the built packages that prints the libraries loaded at each call of `tell(step)`. */
async function loadedBy(program: string): Promise<Record<string, string[]>> {
  const script = `
    import { createRequire } from 'node:module';
    const { cache } = createRequire(import.meta.url);
    const libraries = ['opossum', 'pino', 'prom-client', 'reflect-metadata', 'tsyringe', 'undici'];
    const steps = {};
    const tell = (step) => {
      const files = Object.keys(cache).map((file) => file.replaceAll('\\\\', '/'));
      steps[step] = libraries.filter((name) => files.some((file) => file.includes('/node_modules/' + name + '/')));
    };
    ${program}
    console.log('loaded ' + JSON.stringify(steps));
    process.exit();`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: here });
  const line = stdout.split('\n').find((text) => text.startsWith('loaded '));
  return JSON.parse(String(line).slice('loaded '.length));
}

test('importing all packages imports no library but opossum', async () => {
  const program = `
    await Promise.all(['kernel', 'core', 'config', 'resilience', 'discovery', 'http'].map((name) => import('@fwk/' + name)));
    tell('imported');`;
  expect(await loadedBy(program)).toEqual({ imported: ['opossum'] });
});

test('a server imports nothing, and a client undici at its first call', async () => {
  const program = `
    const { contract, createClient, createServer, get, served } = await import('@fwk/http');
    const anything = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
    const lamps = contract('lamps', { version: '1.0.0', operations: { lit: get('/lit', { response: anything }) } });
    const server = createServer({ host: '127.0.0.1', port: 0, serve: [served(lamps, { lit: async () => ({ on: true }) })] });
    tell('made');
    await server.start();
    tell('started');
    const client = createClient(lamps, { endpoints: [server.url] });
    tell('client');
    await client.lit();
    tell('called');`;
  expect(await loadedBy(program)).toEqual({
    made: ['opossum'],
    started: ['opossum'],
    client: ['opossum'],
    called: ['opossum', 'undici'],
  });
});

test('an application that injects nothing and logs nothing starts without any library', async () => {
  const program = `
    const { createApp } = await import('@fwk/core');
    const app = createApp({ name: 'quiet', version: '1.0.0', owner: 'test', use: [], logging: { level: 'silent' } });
    await app.start();
    tell('started');`;
  expect(await loadedBy(program)).toEqual({ started: [] });
});
