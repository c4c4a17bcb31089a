/** Clients with credentials, before real servers. */
import { createHmac } from 'node:crypto';
import {
  createServer as createRawServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { type FwkError, liveValue, messageOf } from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { serviceFetch } from '../adapters/service-fetch.js';
import { describeClient } from '../client/client-core.js';
import type { Credentials } from '../client/client-credentials.js';
import type { ClientOptions, ClientParts } from '../client/client-options.js';
import { createClient } from '../client/create-client.js';
import { shop } from '../fixtures/shop-contract.js';
import { type ClientCredentialsOptions, clientCredentials } from './client-credentials-grant.js';
import { apiKey, basic, bearer } from './given-secrets.js';
import { signing } from './signing.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createRawServer(listener).listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => server.on('listening', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A provider that takes some credentials. */
async function provider(takes: (authorization: string, request: IncomingMessage) => boolean) {
  const seen: string[] = [];
  const url = await listen((request, response) => {
    const authorization = request.headers.authorization ?? '';
    seen.push(authorization);
    request.resume();
    if (takes(authorization, request)) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(request.method === 'GET' ? '{"id":"a","size":1}' : '{"order":"made"}');
    } else {
      response.writeHead(401, { 'content-type': 'text/html', 'www-authenticate': 'Bearer' });
      response.end('<h1>who are you?</h1>');
    }
  });
  return { url, seen };
}

function clientFor(url: string, options: Partial<ClientOptions<typeof shop>> & ClientParts) {
  const client = createClient(shop, {
    endpoints: [url],
    timeoutMs: 20_000,
    deadlineMs: 60_000,
    retry: false,
    ...options,
  });
  closing.push(async () => client[Symbol.asyncDispose]());
  return client;
}

const item = { params: { id: 'a' } };
const order = { body: { sku: 'lamp', quantity: 1 } };
const failure = (call: Promise<unknown>): Promise<FwkError> =>
  call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error) => error,
  );

test.each([
  ['bearer', bearer('t0ken'), 'authorization', 'Bearer t0ken'],
  [
    'basic',
    basic({ username: 'shop', password: 'pässword:7' }),
    'authorization',
    `Basic ${Buffer.from('shop:pässword:7').toString('base64')}`,
  ],
  ['an API key', apiKey('k-1'), 'x-api-key', 'k-1'],
  ['an API key in a header of its own', apiKey('k-1', { header: 'X-Bank-Key' }), 'x-bank-key', 'k-1'],
])('%s stands in its header', async (_what, credentials, header, value) => {
  let seen: unknown;
  const { url } = await provider((_authorization, request) => {
    seen = request.headers[header];
    return true;
  });
  await clientFor(url, { credentials }).item(item);
  expect(seen).toBe(value);
});

test('a 401 is answered by one fresh token and one more attempt, for any operation', async () => {
  let good = 'Bearer 1';
  let fetched = 0;
  const { url, seen } = await provider((authorization) => authorization === good);
  const client = clientFor(url, { credentials: bearer(async () => `${++fetched}`) });
  await client.item(item);
  good = 'Bearer 2';
  await Promise.all([client.item(item), client.order(order), client.item(item)]);
  expect(fetched).toBe(2);
  expect(seen.filter((each) => each === 'Bearer 1')).toHaveLength(4);
  expect(seen.filter((each) => each === 'Bearer 2')).toHaveLength(3);
});

test('a secret that no header can carry is not kept: it is fetched again, and never shown', async () => {
  const fetched = ['s3cret\n', 't0ken'];
  const { url, seen } = await provider(() => true);
  const env = { clock: fakeClock() };
  const client = clientFor(url, { credentials: bearer(async () => fetched.shift() ?? 'none'), env });
  const error = await failure(client.item(item));
  expect(error).toMatchObject({ code: 'FWK_HTTP_CREDENTIALS_FAILED' });
  expect(error.message).toContain('what was fetched cannot be sent: the header "authorization" has a line break');
  expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
  await env.clock.advance(1000);
  await client.item(item);
  expect(seen).toEqual(['Bearer t0ken']);
});

test('a 401 to the fresh token is the caller’s answer', async () => {
  let fetched = 0;
  const { url, seen } = await provider(() => false);
  const client = clientFor(url, { credentials: bearer(() => `${++fetched}`) });
  expect(await failure(client.item(item))).toMatchObject({ code: 'FWK_HTTP_REMOTE', status: 401 });
  expect(seen).toEqual(['Bearer 1', 'Bearer 2']);
  expect(await failure(client.item(item))).toMatchObject({ status: 401 });
  expect(seen, 'nobody asks for a token for each call').toEqual(['Bearer 1', 'Bearer 2', 'Bearer 2']);
});

test('a secret that is given is not tried twice, and a live one is once it has changed', async () => {
  const constant = await provider(() => false);
  await failure(clientFor(constant.url, { credentials: bearer('old') }).item(item));
  expect(constant.seen).toEqual(['Bearer old']);
  const secret = liveValue('old');
  const changing = await provider((authorization) => {
    if (authorization === 'Bearer new') return true;
    secret.set('new');
    return false;
  });
  await clientFor(changing.url, { credentials: bearer(secret) }).item(item);
  expect(changing.seen).toEqual(['Bearer old', 'Bearer new']);
});

test('the same holds for fetch, whose answers are answers', async () => {
  let fetched = 0;
  const { url, seen } = await provider((authorization) => authorization === 'Bearer 2');
  const bank = serviceFetch('bank', { endpoints: [url], credentials: bearer(() => `${++fetched}`), retry: false });
  closing.push(async () => bank[Symbol.asyncDispose]());
  const answer = await bank('/orders', { method: 'POST', body: '{}' });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ order: 'made' });
  expect(seen).toEqual(['Bearer 1', 'Bearer 2']);
});

describe('credentials stay with the provider', () => {
  test('a redirect is an error to a client, and leads fetch elsewhere without them', async () => {
    const elsewhere = await provider(() => true);
    const own = await listen((_request, response) => {
      response.writeHead(307, { location: `${elsewhere.url}/items/a` });
      response.end();
    });
    const error = await failure(clientFor(own, { credentials: bearer('hunter2') }).item(item));
    expect(error).toMatchObject({ code: 'FWK_HTTP_REMOTE', status: 307 });
    expect(elsewhere.seen).toEqual([]);
    const bank = serviceFetch('bank', { endpoints: [own], credentials: bearer('hunter2') });
    closing.push(async () => bank[Symbol.asyncDispose]());
    expect((await bank('/items/a')).status).toBe(200);
    expect(elsewhere.seen).toEqual(['']);
  });

  test.each(['http://api.bank.example', 'mux://api.bank.example:9000', 'http://10.0.0.7:8080'])(
    '%s is refused',
    (url) => {
      expect(() => createClient(shop, { endpoints: [url], credentials: bearer('hunter2') })).toThrow(
        /credentials would be read by everybody on the way/,
      );
    },
  );
});

test('text is no credential, and is not shown', () => {
  const make = () =>
    createClient(shop, { endpoints: ['https://a.example'], credentials: 'hunter2' as unknown as Credentials });
  expect(make).toThrow(/credentials must be made by/);
  expect(make).not.toThrow(/hunter2/);
});

test('a credential replaces a header of the same name', async () => {
  const { url, seen } = await provider(() => true);
  await clientFor(url, { credentials: bearer('right'), headers: { authorization: 'Bearer wrong' } }).item(item);
  expect(seen).toEqual(['Bearer right']);
});

test('a given secret that cannot be sent is refused without being shown', async () => {
  const { url, seen } = await provider(() => true);
  const error = await failure(clientFor(url, { credentials: bearer('hunter2\r\nx-a: 1') }).item(item));
  expect(error).toMatchObject({ code: 'FWK_HTTP_HEADERS_INVALID' });
  expect(error.message).toContain('the credentials (bearer)');
  expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  expect(seen).toEqual([]);
});

test('nothing that is printed of a client shows its secret', () => {
  const credentials = bearer('hunter2');
  const client = clientFor('https://127.0.0.1:9', { credentials });
  expect(inspect([credentials, client, describeClient(client)], { depth: 9, showHidden: true })).not.toContain(
    'hunter2',
  );
  expect(describeClient(client)?.map(({ role }) => role)).toContain('credentials');
});

test('credentials that throw are an error of ours, and nothing is sent', async () => {
  const { url, seen } = await provider(() => true);
  const broken = {
    kind: 'own',
    bind: () => ({
      grant() {
        throw new Error('hunter2');
      },
      refused: () => false,
      [Symbol.asyncDispose]: async () => {},
    }),
  };
  const error = await failure(clientFor(url, { credentials: broken }).item(item));
  expect(error).toMatchObject({ code: 'FWK_HTTP_CREDENTIALS_FAILED', traits: { notProcessed: true } });
  expect(error.message).not.toContain('hunter2');
  expect(seen).toEqual([]);
});

describe('a signature', () => {
  const key = 'hunter2';
  const hmac = (text: string) => createHmac('sha256', key).update(text).digest('hex');

  test('is made of the request as it is sent, with its host', async () => {
    const bodies: string[] = [];
    const url = await listen((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        bodies.push(body);
        const { host, 'content-type': type } = request.headers;
        const wanted = hmac([request.method, `http://${host}${request.url}`, type, body].join('\n'));
        response.writeHead(request.headers['x-signature'] === wanted ? 200 : 403, {
          'content-type': 'application/json',
        });
        response.end('{"order":"made"}');
      });
    });
    const credentials = signing('hmac', async ({ method, url: signed, headers, body }) => ({
      'x-signature': hmac([method, signed, headers['content-type'], body].join('\n')),
    }));
    await clientFor(url, { credentials }).order(order);
    expect(bodies).toEqual(['{"sku":"lamp","quantity":1}']);
  });

  test('that hangs ends with the attempt, and one that fails is ours to tell', async () => {
    const { url, seen } = await provider(() => true);
    const hangs = clientFor(url, { credentials: signing('hmac', () => new Promise(() => {})), timeoutMs: 50 });
    expect(await failure(hangs.item(item))).toMatchObject({ code: 'FWK_RESILIENCE_TIMEOUT' });
    const fails = clientFor(url, {
      credentials: signing('hmac', () => {
        throw new Error('hunter2');
      }),
    });
    const error = await failure(fails.item(item));
    expect(error).toMatchObject({ code: 'FWK_HTTP_CREDENTIALS_FAILED' });
    expect(error.message).not.toContain('hunter2');
    expect(seen).toEqual([]);
  });
});

describe('OAuth 2.0', () => {
  const answers =
    (body: unknown, status = 200, type = 'application/json') =>
    (response: ServerResponse) => {
      response.writeHead(status, { 'content-type': type });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };

  /** A token server that answers one request after the other, the last answer again and again. */
  async function tokenServer(...script: readonly ((response: ServerResponse) => void)[]) {
    const asked: { readonly authorization: string | undefined; readonly form: Record<string, string> }[] = [];
    const url = await listen((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        asked.push({
          authorization: request.headers.authorization,
          form: Object.fromEntries(new URLSearchParams(body)),
        });
        (script[asked.length - 1] ?? script.at(-1))?.(response);
      });
    });
    return { tokenUrl: `${url}/oauth/token?tenant=7`, asked };
  }

  const grant = (tokenUrl: string, more?: Partial<ClientCredentialsOptions>) =>
    clientCredentials({ tokenUrl, clientId: 'shop', clientSecret: 'hunter2', ...more });

  test('asks the token server as the RFC says, and again once a token is refused', async () => {
    const server = await tokenServer(
      answers({ access_token: 'one', token_type: 'Bearer', expires_in: 3600 }),
      answers({ access_token: 'two', token_type: 'bearer' }),
    );
    const { url, seen } = await provider((authorization) => authorization === 'Bearer two');
    const credentials = grant(server.tokenUrl, { scope: 'pay read', parameters: { audience: 'bank' } });
    await clientFor(url, { credentials }).item(item);
    expect(seen).toEqual(['Bearer one', 'Bearer two']);
    expect(server.asked).toHaveLength(2);
    expect(server.asked[0]).toEqual({
      authorization: `Basic ${Buffer.from('shop:hunter2').toString('base64')}`,
      form: { grant_type: 'client_credentials', scope: 'pay read', audience: 'bank' },
    });
  });

  test('may show the secret in the form instead, asked for by a function', async () => {
    const server = await tokenServer(answers({ access_token: 'one', token_type: 'bearer' }));
    const { url } = await provider(() => true);
    const credentials = grant(server.tokenUrl, { authentication: 'form', clientSecret: async () => 'from a vault' });
    await clientFor(url, { credentials }).item(item);
    expect(server.asked[0]?.form).toMatchObject({ client_id: 'shop', client_secret: 'from a vault' });
    expect(server.asked[0]?.authorization).toBeUndefined();
  });

  test.each<[string, (response: ServerResponse) => void, string]>([
    ['HTML', answers('<h1>hunter2</h1>', 200, 'text/html'), 'answered 200, text/html instead of JSON'],
    ['HTML with 502', answers('<h1>hunter2</h1>', 502, 'text/html'), 'answered 502, text/html instead of JSON'],
    [
      'an error of OAuth',
      answers({ error: 'invalid_client', error_description: 'hunter2' }, 401),
      'answered 401 with "invalid_client"',
    ],
    ['no token', answers({ token_type: 'bearer' }), 'answered 200, which is no token by OAuth'],
    ['half a JSON', answers('{"access_token":"hunter2', 200), 'answered 200, which is no token by OAuth'],
    [
      'a life in the past',
      answers({ access_token: 'hunter2', token_type: 'bearer', expires_in: -60 }),
      'answered 200, which is no token',
    ],
    [
      'a life that is no number',
      answers({ access_token: 'hunter2', token_type: 'bearer', expires_in: 'soon' }),
      'answered 200, which is no token',
    ],
    ['a type that is not bearer', answers({ access_token: 'hunter2', token_type: 'mac' }), 'no token'],
    [
      'a redirect',
      (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
      'answered 302, without a type instead of JSON',
    ],
    ['too much', answers('x'.repeat(200_000)), 'longer than 100000 bytes'],
    ['nothing but a broken connection', (response) => response.destroy(), 'fetching it failed'],
  ])('a token server that answers %s', async (_what, script, why) => {
    const server = await tokenServer(script);
    const { url, seen } = await provider(() => true);
    const events = recordEvents();
    const error = await failure(clientFor(url, { credentials: grant(server.tokenUrl), env: { events } }).item(item));
    expect(error).toMatchObject({ code: 'FWK_HTTP_CREDENTIALS_FAILED', traits: { notProcessed: true } });
    expect(error.message).toContain(why);
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
    expect(JSON.stringify(events.all)).not.toContain('hunter2');
    expect(seen).toEqual([]);
  });

  test('a token server that hangs costs its own limit of time', async () => {
    const server = await tokenServer(() => {});
    const { url, seen } = await provider(() => true);
    const error = await failure(clientFor(url, { credentials: grant(server.tokenUrl, { timeoutMs: 50 }) }).item(item));
    expect(error.message).toMatch(/longer than 50 ms|fetching it failed/);
    expect(seen).toEqual([]);
  });

  test.each([
    [{ tokenUrl: 'http://login.example.com/token' }, /tokenUrl must be an https: URL/],
    [{ tokenUrl: 'https://shop:hunter2@login.example.com/token' }, /tokenUrl must be an https: URL/],
    [{ clientSecret: '' }, /clientSecret must be a non-empty string/],
    [{ clientSecret: ['hunter2'] as unknown as string }, /clientSecret must be a non-empty string/],
    [
      { parameters: { audience: 7 } as unknown as Record<string, string> },
      /parameters must be an object of names and texts/,
    ],
  ])('options such as %j are refused', (more, why) => {
    const make = () => grant('https://login.example.com/token', more);
    expect(make).toThrow(why);
    try {
      make();
    } catch (error) {
      expect(messageOf(error)).not.toContain('hunter2');
    }
  });
});
