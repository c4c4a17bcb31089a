import { connect, type Socket } from 'node:net';
import { makeEnv } from '@fwk/kernel';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.js';
import { anInstance } from '../../testing/instances.js';
import { checkLocalOptions } from './local-options.js';
import { openRegistry, type RegistryServer } from './registry-server.js';

const sockets: Socket[] = [];
let server: RegistryServer | undefined;

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
});

/** Opens an event stream on a bare socket; the answer is read only if `reads`. */
async function openStream(port: number, reads: boolean): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  if (reads) socket.resume();
  else socket.pause();
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  socket.write('GET /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
  return socket;
}

function streams(): unknown {
  return server?.streams;
}

test('a reader that does not read is cut off, and costs the others nothing', async () => {
  const options = checkLocalOptions({ port: await freePort(), maxStreamBacklogBytes: 64 * 1024, maxInstances: 2 }, {});
  server = await openRegistry('holder-one', undefined, options, makeEnv());
  const reader = await openStream(options.port, true);
  await openStream(options.port, false);
  await expect.poll(streams).toBe(2);
  const identity = { holder: 'holder-two', key: 'key-of-two' };
  // More than the kernel's own buffers of a connection hold, in steps in which a reader can keep up.
  for (let round = 0; round < 4000 && streams() === 2; round++) {
    const metadata = { text: 'x'.repeat(8000), round: String(round) };
    server?.registry.register(anInstance({ metadata }), identity);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await expect.poll(streams).toBe(1);
  expect(reader.destroyed).toBe(false);
});
