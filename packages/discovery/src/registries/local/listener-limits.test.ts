/** What no well-behaved client sends to a registry, over bare connections. */
import { connect } from 'node:net';
import { makeEnv } from '@fwk/kernel';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.js';
import { checkLocalOptions } from './local-options.js';
import { openRegistry, type RegistryServer } from './registry-server.js';

let server: RegistryServer;
beforeEach(async () => {
  const options = checkLocalOptions({ port: await freePort() }, {});
  server = (await openRegistry('holder-one', undefined, options, makeEnv())) as RegistryServer;
});
afterEach(() => server.close());

/** Everything that comes back until the server ends the connection. @param slowly - sent after it, one byte a second. */
function sent(text: string, slowly = ''): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    let at = 0;
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
    const trickle = setInterval(() => {
      if (at < slowly.length && socket.writable) socket.write(slowly.charAt(at++));
    }, 1000);
    socket.setEncoding('latin1').on('data', (part: string) => {
      received += part;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(trickle);
      resolve(received);
    });
  });
}

const ask = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`;

test('requests that are sent before the last answer is here are answered in their order', async () => {
  const last = ask('/v1/services', 'connection: close\r\n');
  const received = await sent(ask('/v1/services') + ask('/v1/nothing') + last);
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
});

test('a connection on which more requests wait than are kept is ended, and others are served', async () => {
  const received = await sent(ask('/v1/services').repeat(500));
  expect((received.match(/HTTP\/1\.1 200/g) ?? []).length).toBeLessThan(500);
  expect(await sent(ask('/v1/services', 'connection: close\r\n'))).toMatch(/^HTTP\/1\.1 200 /);
});

test('a head or a body that comes a byte a second is ended when its five seconds are over', async () => {
  const head = 'GET /v1/services HTTP/1.1\r\nx: ';
  const json = 'content-type: application/json\r\ncontent-length: 100\r\n\r\n';
  const body = `POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\n${json}`;
  const begunMs = performance.now();
  await Promise.all([sent(head, 'x'.repeat(90)), sent(body, '{'.padEnd(90))]);
  // Node alone would take 30 s and more; a busy machine may add some.
  expect(performance.now() - begunMs).toBeLessThan(15_000);
}, 30_000);
