/** Calls over real Unix sockets. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FwkError } from '@fwk/kernel';
import { testAuthority } from '@fwk/kernel/testing';
import { Agent, request } from 'undici';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { serviceFetch } from '../adapters/service-fetch.js';
import { serviceInterceptor } from '../adapters/service-interceptor.js';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { createServer as createOwnServer } from '../server/server.js';
import { served } from '../serving/served.js';
import type { ClientOptions } from './client-options.js';
import { createClient } from './create-client.js';

const till = contract('till', {
  version: '1.0.0',
  operations: {
    total: get('/total', { response: z.string() }),
    pay: post('/pay', { response: z.string() }),
  },
});

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-socket-'));
  return () => rm(folder, { recursive: true, force: true });
});

async function serve(path: string, listener: RequestListener): Promise<void> {
  const server = createServer(listener).listen(path);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
}

const sayHost: RequestListener = ({ headers, url }, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(`${url} for ${headers.host}`));
};

function clientFor(options: Partial<ClientOptions<typeof till>>) {
  const client = createClient(till, options);
  onTestFinished(() => client[Symbol.asyncDispose]());
  return client;
}

const failure = (call: Promise<unknown>): Promise<FwkError> =>
  call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error) => error,
  );

test('a call goes over the socket, and names localhost as its host', async () => {
  const path = join(folder, 'till.sock');
  await serve(path, sayHost);
  const client = clientFor({ endpoints: [`unix:${path}`] });
  expect(await client.total()).toBe('/total for localhost');
  expect(await Promise.all([client.pay(), client.pay()])).toEqual(['/pay for localhost', '/pay for localhost']);
});

test('sockets and addresses stand beside each other, and two sockets are two endpoints', async () => {
  const paths = ['a.sock', 'b.sock'].map((name) => join(folder, name));
  const seen: string[] = [];
  for (const path of paths) {
    await serve(path, (request, response) => {
      seen.push(path);
      sayHost(request, response);
    });
  }
  const tcp = createServer(sayHost).listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  onTestFinished(() => {
    tcp.closeAllConnections();
    tcp.close();
  });
  const port = (tcp.address() as { readonly port: number }).port;
  const client = clientFor({ endpoints: [...paths.map((path) => `unix:${path}`), `http://127.0.0.1:${port}`] });
  const answers = new Set<string>();
  while (new Set(seen).size < 2 || answers.size < 2) answers.add(await client.total());
  expect([...answers].sort()).toEqual([`/total for 127.0.0.1:${port}`, '/total for localhost']);
});

test('fetch for a service goes over the socket too', async () => {
  const path = join(folder, 'till.sock');
  await serve(path, sayHost);
  const fetch = serviceFetch('till', { endpoints: [`unix:${path}`] });
  onTestFinished(() => fetch[Symbol.asyncDispose]());
  expect(await (await fetch('/total')).json()).toBe('/total for localhost');
});

test('undici with logical host names goes over the socket too', async () => {
  const path = join(folder, 'till.sock');
  await serve(path, sayHost);
  const interceptor = serviceInterceptor({ services: ['till'], endpoints: [`unix://${path}`] });
  onTestFinished(() => interceptor[Symbol.asyncDispose]());
  const agent = new Agent();
  onTestFinished(() => agent.close());
  const { body } = await request('http://till/total', { dispatcher: agent.compose(interceptor) });
  expect(await body.json()).toBe('/total for localhost');
});

test('a client calls our server at its socket, and again once another server has taken the place', async () => {
  const path = join(folder, 'till.sock');
  const start = async (total: string) => {
    const server = createOwnServer({ socketPath: path, serve: [served(till, { total: () => total, pay: () => '' })] });
    await server.start();
    onTestFinished(() => server.close());
    return server;
  };
  const first = await start('one');
  const client = clientFor({ endpoints: [first.url], retry: false, breaker: false });
  expect(await client.total()).toBe('one');
  await first.close();
  // Right after the end the client may not have read yet that its connection is over.
  await vi.waitFor(
    async () => expect(await failure(client.pay())).toMatchObject({ details: { reason: 'ENOENT', sent: false } }),
    { timeout: 10_000, interval: 50 },
  );
  await start('two');
  await vi.waitFor(async () => expect(await client.total()).toBe('two'), { timeout: 10_000, interval: 50 });
});

describe('where nobody answers, the call was not sent and says which socket it was', () => {
  test('no such file', async () => {
    const path = join(folder, 'absent.sock');
    const error = await failure(clientFor({ endpoints: [`unix:${path}`], retry: false }).pay());
    expect(error).toMatchObject({
      code: 'FWK_HTTP_CONNECTION',
      details: { sent: false, reason: 'ENOENT', url: `unix:${path}` },
      traits: { notProcessed: true },
    });
    expect(error.message).toContain(`no connection could be made (unix:${path})`);
  });

  test('a file that a killed process left, so that a POST is tried at the next endpoint', async () => {
    const [left, good] = [join(folder, 'left.sock'), join(folder, 'good.sock')];
    const { execFileSync } = await import('node:child_process');
    const program = `require('net').createServer().listen(${JSON.stringify(left)}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(() => execFileSync(process.execPath, ['-e', program], { stdio: 'ignore' })).toThrow();
    const error = await failure(clientFor({ endpoints: [`unix:${left}`], retry: false }).pay());
    expect(error).toMatchObject({ details: { sent: false, reason: 'ECONNREFUSED' } });
    await serve(good, sayHost);
    const client = clientFor({ endpoints: [`unix:${left}`, `unix:${good}`] });
    for (let call = 0; call < 10; call++) expect(await client.pay()).toBe('/pay for localhost');
  });
});

test('a socket that closes while it answers has had the request', async () => {
  const path = join(folder, 'till.sock');
  await serve(path, (_request, response) => response.destroy());
  const error = await failure(clientFor({ endpoints: [`unix:${path}`], retry: false }).pay());
  expect(error).toMatchObject({ code: 'FWK_HTTP_CONNECTION', details: { sent: true, url: `unix:${path}` } });
});

test('TLS over a socket is refused when the client is made, and so is a path that no socket can have', () => {
  const { ca } = testAuthority();
  expect(() => clientFor({ endpoints: ['unix:/run/till.sock'], tls: { ca } })).toThrow(
    /tls needs https: or mux: endpoints, not unix:\/run\/till\.sock/,
  );
  expect(() => clientFor({ endpoints: ['unix:till.sock'] })).toThrow(/"unix:till\.sock" must be like unix:\/run/);
});
