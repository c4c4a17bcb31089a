/** Bodies that are refused or still on their way: the connection goes on where it can be read on, else it is closed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { post } from '../contract/operation.js';
import { exchangeRaw, rawConnection } from '../fixtures/raw-connection.js';
import { served } from '../serving/served.js';
import { createServer } from './server.js';

const desk = contract('desk', {
  version: '1.0.0',
  operations: {
    put: post('/put', { body: z.unknown(), response: z.unknown() }),
    full: post('/full', { body: z.unknown(), response: z.unknown() }),
  },
});

const server = createServer({
  serve: [served(desk, { put: ({ body }) => body, full: () => 'never' })],
  bodyLimitBytes: 100,
  operations: { full: { rateLimit: { burst: 1, permitsPerSecond: 0.001 } } },
});
const head = (target: string, version = '1.1') =>
  `POST ${target} HTTP/${version}\r\nhost: x\r\ncontent-type: application/json\r\n`;

beforeAll(async () => {
  await server.start();
  await exchangeRaw(server.port, `${head('/full')}connection: close\r\ncontent-length: 1\r\n\r\n1`);
});
afterAll(() => server.close());

test.each([
  ['/full', 429],
  ['/nowhere', 404],
])('a request in chunks to %s that is answered before its last chunk is not read on', async (target, status) => {
  const answer = await exchangeRaw(server.port, `${head(target)}transfer-encoding: chunked\r\n\r\n1\r\n`);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(answer.toLowerCase()).toContain('\r\nconnection: close\r\n');
});

test('a request in chunks that has come whole leaves its connection usable', async () => {
  const chunked = `${head('/put')}transfer-encoding: chunked\r\n\r\n1\r\n7\r\n0\r\n\r\n`;
  const last = `${head('/put')}connection: close\r\ncontent-length: 1\r\n\r\n8`;
  const answer = await exchangeRaw(server.port, chunked + last);
  expect(answer).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\n7HTTP\/1\.1 200 .*\r\n\r\n8$/s);
});

test('a caller that speaks HTTP/1.0 is never told to go on, which it would take for its answer', async () => {
  const connection = await rawConnection(
    server.port,
    `${head('/put', '1.0')}expect: 100-continue\r\ncontent-length: 1\r\n\r\n`,
  );
  connection.socket.write('9');
  await connection.ended;
  expect(connection.received()).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n9$/s);
});
