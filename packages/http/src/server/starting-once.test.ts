/** A server starts once: a second listener would be forgotten, and the policies of a closed one follow nothing more. */
import { createServer as createOther } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../fixtures/free-port.js';
import { send } from '../fixtures/raw-request.js';
import type { HttpServer } from './http-server.js';
import { createServer } from './server.js';

let server: HttpServer;
afterEach(() => server.close());

test('a server that was started is not started again, and listens where it did', async () => {
  server = createServer({});
  await server.start();
  const { url } = server;
  await expect(server.start()).rejects.toMatchObject({ code: 'FWK_HTTP_SERVER_USED', details: { state: 'started' } });
  expect(server.url).toBe(url);
  expect((await send(`${url}/livez`)).status).toBe(200);
});

test('a server that was closed is not started, whether it ever was or not', async () => {
  server = createServer({});
  await server.close();
  await expect(server.start()).rejects.toMatchObject({ code: 'FWK_HTTP_SERVER_USED', details: { state: 'closed' } });
});

test('a server that is closed while it starts gives up its port before the close is over', async () => {
  const port = await freePort();
  const closed = createServer({ port });
  const starting = expect(closed.start()).rejects.toMatchObject({ code: 'FWK_HTTP_SERVER_USED' });
  await closed.close();
  await starting;
  expect(closed.listening).toBe(false);
  server = createServer({ port });
  await server.start();
  expect(server.port).toBe(port);
});

test('a server whose start failed may be started again', async () => {
  const port = await freePort();
  const other = createOther().listen(port, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  server = createServer({ port });
  await expect(server.start()).rejects.toMatchObject({ code: 'FWK_HTTP_PORT_TAKEN' });
  await new Promise((resolve) => other.close(resolve));
  await server.start();
  expect(server.port).toBe(port);
});
