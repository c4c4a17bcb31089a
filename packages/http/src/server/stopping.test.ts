/** Real processes that are told to stop while clients hold connections on which nothing will ever happen again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../fixtures/free-port.js';
import { rawConnection } from '../fixtures/raw-connection.js';
import { send } from '../fixtures/raw-request.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** Serves a contract, management and a registry, and says where. */
const program = `
  import { createApp } from '@fwk/core';
  import { discovery, localRegistry } from '@fwk/discovery';
  import { contract, get, http, post, served } from '@fwk/http';
  const any = { '~standard': { version: 1, vendor: 'fixture', validate: (value) => ({ value }) } };
  const shop = contract('shop', { version: '1.0.0', operations: {
    quick: get('/quick', { response: any }), wait: get('/wait', { response: any }),
    order: post('/orders', { body: any, response: any }),
  } });
  const wait = () => new Promise((resolve) => {
    console.log('waiting');
    setTimeout(resolve, 1500, 'late');
  });
  const registry = Number(process.env.REGISTRY);
  let service;
  const app = createApp({
    name: 'shop', version: '1.0.0', owner: 'us', logging: { level: 'warn' }, management: { port: 0 },
    shutdown: { propagationDelayMs: 50 },
    use: [
      http({ serve: [served(shop, { quick: () => '', wait, order: () => 'done' })] }),
      { name: 'ear', ready({ announcements }) { service = announcements[0].port; } },
      discovery({ registry: localRegistry({ port: registry }) }),
    ],
  });
  await app.start();
  console.log(JSON.stringify([service, Number(new URL(app.managementUrl).port), registry]));
`;

async function start() {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    env: { ...process.env, REGISTRY: String(await freePort()) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const ports: unknown = JSON.parse((await once(lines, 'line'))[0]);
  const stop = async () => {
    const begunMs = performance.now();
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    return { code, tookMs: performance.now() - begunMs };
  };
  return { ports: ports as [number, number, number], lines, stop };
}

const host = 'host: localhost\r\n';
const halfBody = (path: string, length = 'content-length: 10') =>
  `POST ${path} HTTP/1.1\r\n${host}content-type: application/json\r\n${length}\r\n\r\n`;
const stuck = [
  '',
  '\r\n',
  'GET /quick',
  `GET /quick HTTP/1.1\r\n${host}`,
  `GET /quick HTTP/1.1\r\n${host}\r\n`,
  `GET /quick HTTP/1.1\r\n${host}\r\nGET /q`,
  halfBody('/orders'),
  `${halfBody('/orders')}{`,
  `${halfBody('/orders', 'transfer-encoding: chunked')}a\r\n{`,
  halfBody('/orders', 'content-length: 10\r\nexpect: 100-continue'),
  `${halfBody('/nothing')}{`,
  `${halfBody('/manage/log-level')}{`,
  `${halfBody('/v1/sessions')}{`,
];

test('SIGTERM ends a process with 0 soon, whatever connections without a whole request its listeners have', async () => {
  const { ports, stop } = await start();
  const open = await Promise.all(ports.flatMap((port) => stuck.map((text) => rawConnection(port, text))));
  // Their answers say that the process has seen the others.
  await Promise.all(ports.map((port) => send(`http://127.0.0.1:${port}/quick`)));
  const { code, tookMs } = await stop();
  expect(code).toBe(0);
  // Half a second for requests that are arriving, one for management; a busy machine may add some. Draining alone has ten.
  expect(tookMs).toBeLessThan(6000);
  await Promise.all(open.map(({ ended }) => ended));
});

test('SIGTERM lets a call be answered that was sent together with half of another', async () => {
  const { ports, lines, stop } = await start();
  const call = `GET /wait HTTP/1.1\r\n${host}\r\n`;
  const follows = ['', 'GET /q', `${halfBody('/orders')}{`, 'no HTTP\r\n\r\n', call];
  let waiting = 0;
  const allWait = new Promise<void>((resolve) => lines.on('line', () => ++waiting === follows.length && resolve()));
  const open = await Promise.all(follows.map((text) => rawConnection(ports[0], call + text)));
  await allWait;
  expect((await stop()).code).toBe(0);
  await Promise.all(open.map(({ ended }) => ended));
  for (const { received } of open) expect(received()).toMatch(/^HTTP\/1\.1 200 .*"late"/s);
});

/** Waits for a registry that never answers, and says where it listens meanwhile. */
const waiting = `
  import { createApp } from '@fwk/core';
  import { discovery, localRegistry } from '@fwk/discovery';
  import { contract, get, http, served } from '@fwk/http';
  const any = { '~standard': { version: 1, vendor: 'fixture', validate: (value) => ({ value }) } };
  const shop = contract('shop', { version: '1.0.0', operations: { quick: get('/quick', { response: any }) } });
  const registry = localRegistry({ port: Number(process.env.REGISTRY), serve: false });
  const app = createApp({
    name: 'shop', version: '1.0.0', owner: 'us', logging: { level: 'warn' }, shutdown: { propagationDelayMs: 50 },
    stepTimeoutMs: 600_000,
    use: [
      http({ serve: [served(shop, { quick: () => '' })] }),
      { name: 'ear', ready({ announcements }) { console.log(announcements[0].port); } },
      discovery({ registry, registerWaitMs: 60_000 }),
    ],
  });
  await app.start();
  console.log('started');
`;

test('while the start waits for the registry a service is not ready, and SIGTERM ends its process with 0', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void silent.close());
  await once(silent, 'listening');
  const address = silent.address();
  if (typeof address !== 'object' || address === null) throw new Error('a server that listens has a port');
  const child = spawn(process.execPath, ['--input-type=module', '--eval', waiting], {
    cwd: root,
    env: { ...process.env, REGISTRY: String(address.port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [output, problems] = ['', ''];
  child.stderr.on('data', (text) => (problems += text));
  child.stdout.on('data', (text) => (output += text));
  while (!/^\d+$/m.test(output)) await once(child.stdout, 'data');
  const url = `http://127.0.0.1:${/^\d+$/m.exec(output)?.[0]}`;
  const probes = await Promise.all(['/readyz', '/livez'].map(async (path) => (await fetch(url + path)).status));
  expect(probes).toEqual([503, 200]);
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  expect([code, problems]).toEqual([0, '']);
  expect(output).not.toMatch(/started|"level":"error"/);
});
