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

/** What comes back for bare text, up to the end of the connection. */
function answerTo(text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8').on('data', (part: string) => {
      answer += part;
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve(answer));
  });
}

test.each([
  ['headers without measure', `GET /v1/state HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['what is no HTTP', 'HELO there\r\n\r\n', 400],
  ['a length below nothing', 'PUT /v1/instances/i1 HTTP/1.1\r\ncontent-length: -1\r\n\r\n', 400],
])('answers %s with a problem document', async (_what, text, status) => {
  const [head = '', body = ''] = (await answerTo(text)).split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toContain('fwk-registry: 1');
  expect(JSON.parse(body)).toMatchObject({ status });
});

test('takes its host name in any case', async () => {
  const answer = await answerTo('GET /v1/services HTTP/1.1\r\nhost: LocalHost\r\nconnection: close\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
});
