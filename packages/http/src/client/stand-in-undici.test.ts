/** Runtimes that answer `undici` with a stand-in, as Bun does: here Node is made to do so. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));

const standIn = 'data:text/javascript,export class Client {} export const buildConnector = undefined;';
const resolver = `export const resolve = (specifier, context, next) => specifier === 'undici'
  ? { url: ${JSON.stringify(standIn)}, shortCircuit: true }
  : next(specifier, context);`;
const program = `
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(resolver)}));
  const { Client } = await import('undici');
  const { contract, createClient, get } = await import('@fwk/http');
  const stock = contract('stock', { version: '1.0.0', operations: { count: get('/count') } });
  const client = createClient(stock, { endpoints: [process.env.URL_OF_STOCK] });
  await client.count();
  console.log('dispatch' in Client.prototype);
  await client[Symbol.asyncDispose]();
`;

test('clients use the undici that is installed', async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: root,
      env: { ...process.env, URL_OF_STOCK: url },
    });
    expect([stdout.trim(), asked]).toEqual(['false', 1]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
