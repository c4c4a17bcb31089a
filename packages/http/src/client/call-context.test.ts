/** What runs for a call runs in the async context of that call, whoever opened the connection. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { StandardSchema } from '@fwk/kernel';
import { afterEach, describe, expect, test } from 'vitest';
import { contract } from '../contract/contract.js';
import { get } from '../contract/operation.js';
import { frontOf, reaching } from '../fixtures/wire-under-test.js';
import { createClient } from './create-client.js';

const user = new AsyncLocalStorage<string>();
const seen: (string | undefined)[] = [];

/** Remembers for whom it ran. */
function watching(answer: (value: unknown) => unknown): StandardSchema<unknown> {
  return {
    '~standard': {
      version: 1,
      vendor: 'fixture',
      validate(value) {
        seen.push(user.getStore());
        return answer(value) as never;
      },
    },
  };
}

const diary = contract('diary', {
  version: '1.0.0',
  operations: {
    read: get('/read', { response: watching((value) => ({ value })) }),
    slowly: get('/slowly', { response: watching(async (value) => ({ value: await value })) }),
    refused: get('/refused', { response: watching(() => ({ issues: [{ message: `not for ${user.getStore()}` }] })) }),
    throwing: get('/throwing', {
      response: watching(() => {
        throw new Error(`thrown for ${user.getStore()}`);
      }),
    }),
  },
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  seen.length = 0;
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const front = await frontOf(diary, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(() => Promise.resolve(front[Symbol.asyncDispose]()));
  return front.url;
}

describe('a response schema', () => {
  test('runs for the user whose call it reads, on a connection that another opened', async () => {
    const url = await serve((request, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(request.url));
    });
    const client = createClient(
      diary,
      reaching({ endpoints: [url], retry: false, maxConnections: 1, timeoutMs: 10_000 }),
    );
    closing.push(async () => client[Symbol.asyncDispose]());
    const names = ['ada', 'grace', 'linus', 'margaret'];
    await user.run('opener', () => client.read());
    seen.length = 0;
    await Promise.all(names.map((name) => user.run(name, () => client.read())));
    expect(seen).toEqual(names);
    await Promise.all(names.map((name) => user.run(name, () => client.slowly())));
    expect(seen.slice(4)).toEqual(names);
    const told = (call: Promise<unknown>) => call.then(String, (error: Error) => error.message);
    expect(await user.run('ada', () => told(client.refused()))).toContain('not for ada');
    expect(await user.run('grace', () => told(client.throwing()))).toContain('thrown for grace');
  });
});

test('a connection does not keep the context of the call that opened it', async () => {
  const url = await serve((_request, response) => void response.setHeader('content-type', 'application/json').end('1'));
  const client = createClient(diary, reaching({ endpoints: [url], timeoutMs: 10_000 }));
  closing.push(async () => client[Symbol.asyncDispose]());
  const contexts: WeakRef<object>[] = [];
  const held = new AsyncLocalStorage<object>();
  const call = async () => {
    const store = { user: 'opener' };
    contexts.push(new WeakRef(store));
    await held.run(store, () => client.read());
  };
  await call();
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  await expect
    .poll(() => {
      collect();
      return contexts[0]?.deref();
    })
    .toBeUndefined();
});
