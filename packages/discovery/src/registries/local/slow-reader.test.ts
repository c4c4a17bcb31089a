import { connect, type Socket } from 'node:net';
import { makeEnv } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.js';
import { anInstance } from '../../testing/instances.js';
import { checkLocalOptions, type LocalRegistryOptions } from './local-options.js';
import { RegistryClient } from './registry-client.js';
import { openRegistry, type RegistryServer } from './registry-server.js';
import { Replica } from './replica.js';
import { Registrant } from './session.js';

const identity = { holder: 'holder-two', owner: 'o'.repeat(43) };
const room = { maxInstancesEach: 10_000, maxBytesEach: 64 * 1024 * 1024 };
const sockets: Socket[] = [];
const clock = fakeClock();
let options: LocalRegistryOptions;
let server: RegistryServer;

beforeEach(async () => {
  options = checkLocalOptions({ port: await freePort(), ttlMs: 600_000, ...room }, {});
  server = (await openRegistry('holder-one', undefined, options, makeEnv({ clock }))) as RegistryServer;
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

/** Registers instances at the limit of their size: a list of about 20 MB. */
function fill(): void {
  for (let count = 0; count < 2500; count++) change(count, 'x');
}

function change(count: number, letter: string): void {
  server.registry.register(anInstance({ id: `i${count}`, metadata: { text: letter.repeat(8000) } }), identity);
}

/** Opens an event stream on a bare socket that reads nothing. */
async function openMute(): Promise<Socket> {
  const socket = connect(options.port, '127.0.0.1').pause();
  sockets.push(socket);
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  socket.write('GET /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
  return socket;
}

/** Waits for what other sockets than ours do. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

test('readers that do not read are cut off though nothing changes, and cost no memory until then', async () => {
  fill();
  const { rss } = process.memoryUsage();
  for (let count = 0; count < 20; count++) await openMute();
  await until(() => server.streams === 20);
  expect(process.memoryUsage().rss - rss).toBeLessThan(150e6);
  await clock.advance(7500);
  expect(server.streams).toBe(20);
  // The system's own buffers take some of it, and that is progress.
  while (server.streams > 0) {
    await clock.advance(2500);
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test('a reader that keeps reading is never cut, however long the list and whatever changes meanwhile', async () => {
  fill();
  const reader = new RegistryClient(new Registrant('reader-holder'), options, makeEnv());
  const replica = new Replica(clock, options);
  let ended: string | undefined;
  const watching = reader.watch(undefined, (messages) => replica.apply(messages));
  void watching.then((stream) => stream.ended).then((reason) => (ended = reason));
  await until(() => server.streams === 1);
  for (let round = 0; !replica.board.known.value; round++) {
    change(round % 2500, 'y');
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { epoch, version } = server.registry;
  await until(() => replica.position === `${epoch}:${version}`);
  expect([...replica.catalog.entries()]).toEqual([...server.registry.catalog.entries()]);
  expect(ended).toBeUndefined();
  reader.close();
  replica.close();
}, 60_000);

test('a quiet stream says now and then that it is open', async () => {
  const socket = await openMute();
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  socket.resume();
  await until(() => text.includes('event: current'));
  await clock.advance(2500);
  await until(() => text.endsWith(': ping\n\n'));
});
