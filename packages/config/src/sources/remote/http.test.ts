import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../app/load-config.js';
import { configSourceContract } from '../../testing/source-contract.js';
import { type HttpSourceOptions, httpSource } from './http.js';

/** A server on loopback that counts its requests. */
async function serve(listener: RequestListener) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${port}/config`, port, seen, close };
}
async function served(listener: RequestListener) {
  const server = await serve(listener);
  onTestFinished(() => server.close().catch(() => {}));
  return server;
}
const answer = (response: ServerResponse, body: string | Buffer, type = 'application/json', status = 200) =>
  response.writeHead(status, { 'content-type': type }).end(body);
const load = (url: string, options: Partial<HttpSourceOptions> = {}) =>
  loadConfig({ sources: [httpSource(url, options)], environment: false, watch: false });

describe('a document behind an address', () => {
  for (const { name, run } of configSourceContract({
    async open() {
      let body = '{"shop": {"maxItems": 5}}';
      const server = await serve((_, response) => answer(response, body));
      return {
        source: httpSource(server.url, { pollMs: 100 }),
        says: { shop: { maxItems: 5 } },
        async change() {
          body = '{"shop": {"maxItems": 6}}';
          return { shop: { maxItems: 6 } };
        },
        async damage() {
          body = '{"shop": ';
        },
        close: server.close,
      };
    },
  })) {
    test(name, run);
  }

  test('is YAML unless it is said to be JSON, with line and column', async () => {
    const { url } = await served((_, response) => answer(response, 'shop:\n  maxItems: 5\n', 'text/plain'));
    const config = await load(url);
    expect(config.explain('shop.maxItems').winner?.where).toBe(`${url}:2:13`);
  });

  test('is sent once while its ETag stays, and headers go with each request', async () => {
    const { url, seen } = await served((request, response) => {
      if (request.headers['if-none-match'] === '"1"') return void response.writeHead(304).end();
      response.writeHead(200, { etag: '"1"' }).end('{"a": 1}');
    });
    const config = await load(url, { headers: { authorization: 'Bearer x' } });
    await config.reload();
    expect(config.current.value).toEqual({ a: 1 });
    expect(config.lastRefusal).toBeUndefined();
    expect(seen.map(({ headers }) => [headers['if-none-match'], headers.authorization])).toEqual([
      [undefined, 'Bearer x'],
      ['"1"', 'Bearer x'],
    ]);
  });

  test('takes user and password from the address, and shows neither', async () => {
    const { port, seen } = await served((_, response) => answer(response, '{"a": 1}'));
    const config = await load(`http://bob:hunter2@127.0.0.1:${port}/c?sig=hunter3`);
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('bob:hunter2').toString('base64')}`);
    expect(seen[0]?.url).toBe('/c?sig=hunter3');
    expect(JSON.stringify(config.view())).not.toMatch(/hunter/);
  });

  test.each<[string, (response: ServerResponse) => void, object]>([
    ['a page of HTML', (r) => answer(r, '<h1>', 'text/html; charset=utf-8'), { code: 'FWK_CONFIG_SOURCE_FORMAT' }],
    [
      'a page that begins with a comment',
      (r) => answer(r, '<!-- sso --><html>', 'text/plain'),
      { code: 'FWK_CONFIG_SOURCE_FORMAT' },
    ],
    ['XML', (r) => answer(r, '<?xml version="1.0"?><a/>', ''), { code: 'FWK_CONFIG_SOURCE_FORMAT' }],
    [
      'nothing new, where nothing is known',
      (r) => r.writeHead(304).end(),
      { code: 'FWK_CONFIG_SOURCE_UNREACHABLE', message: expect.stringMatching(/status 304$/) },
    ],
    ['HTML that calls itself JSON', (r) => answer(r, '\n<!DOCTYPE html>'), { code: 'FWK_CONFIG_SOURCE_FORMAT' }],
    [
      'an error',
      (r) => answer(r, 'oops', 'text/plain', 500),
      { code: 'FWK_CONFIG_SOURCE_UNREACHABLE', message: expect.stringContaining('status 500') },
    ],
    [
      'a redirection',
      (r) => r.writeHead(302, { location: '/other' }).end(),
      { message: expect.stringContaining('are not followed') },
    ],
    [
      'half a document',
      (r) => {
        r.writeHead(200, { 'content-length': '100' }).write('{');
        r.destroy();
      },
      { code: 'FWK_CONFIG_SOURCE_UNREACHABLE' },
    ],
    ['more than the limit', (r) => answer(r, `{"a": "${'x'.repeat(2000)}"}`), { code: 'FWK_CONFIG_FILE_TOO_LARGE' }],
    ['a list', (r) => answer(r, '[1]'), { code: 'FWK_CONFIG_ROOT_INVALID' }],
    ['bytes', (r) => answer(r, Buffer.from([0xff, 0xfe])), { code: 'FWK_CONFIG_FILE_ENCODING' }],
    [
      'nothing, for ever',
      () => {},
      { code: 'FWK_CONFIG_SOURCE_UNREACHABLE', message: expect.stringContaining('no answer within 300 ms') },
    ],
  ])('that is %s ends the start, named', async (_, respond, error) => {
    const { url } = await served((_request, response) => respond(response));
    await expect(load(url, { timeoutMs: 300, maxBytes: 1000 })).rejects.toMatchObject(error);
    await expect(load(url, { timeoutMs: 300, maxBytes: 1000 })).rejects.toMatchObject({
      message: expect.stringContaining(url),
    });
  });

  test('keeps what it said while its server is away, follows other sources, and recovers', async () => {
    let body = '{"a": 1}';
    let up = true;
    const { url } = await served((_, response) => (up ? answer(response, body) : response.destroy()));
    const config = await loadConfig({ sources: [httpSource(url, { pollMs: 100 })], environment: false });
    onTestFinished(() => config[Symbol.asyncDispose]());
    up = false;
    await expect.poll(() => config.lastRefusal?.code, { timeout: 10_000 }).toBe('FWK_CONFIG_SOURCE_UNREACHABLE');
    expect([config.current.value, config.current.stale?.reason]).toEqual([
      { a: 1 },
      expect.stringContaining('cannot be reached'),
    ]);
    body = '{"a": 2}';
    up = true;
    await expect.poll(() => config.current.value, { timeout: 10_000 }).toEqual({ a: 2 });
    expect([config.lastRefusal, config.current.stale]).toEqual([undefined, undefined]);
  });

  test('says why it is not there now, and not why it was not there before', async () => {
    let respond = (response: ServerResponse) => answer(response, '{"a": 1}');
    const { url } = await served((_, response) => respond(response));
    const config = await loadConfig({ sources: [httpSource(url, { pollMs: 100 })], environment: false });
    onTestFinished(() => config[Symbol.asyncDispose]());
    for (const status of [500, 503, 404]) {
      respond = (response) => answer(response, '', 'text/plain', status);
      await expect.poll(() => config.lastRefusal?.reason, { timeout: 10_000 }).toContain(`status ${status}`);
    }
  });

  test('keeps what it said when a page of HTML stands in its place', async () => {
    let body = '{"a": 1}';
    const { url } = await served((_, response) => answer(response, body));
    const config = await loadConfig({ sources: [httpSource(url, { pollMs: 100 })], environment: false });
    onTestFinished(() => config[Symbol.asyncDispose]());
    body = '<!doctype html>';
    await expect.poll(() => config.lastRefusal?.code, { timeout: 10_000 }).toBe('FWK_CONFIG_SOURCE_FORMAT');
    expect(config.current.value).toEqual({ a: 1 });
  });
});

test.each(['ftp://x/y', 'config', 'http://', 'http://us%er:hunter2@x/y'])('%s is no address', (address) => {
  expect(() => httpSource(address)).toThrow(expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID' }));
});

test.each<[string, Record<string, string>]>([
  ['a line break', { 'x-vault-token': 's.hunter2\nx' }],
  ['another alphabet', { 'x-vault-token': 'hunter2…' }],
  ['a name that is none', { 'x vault': 'hunter2' }],
])('headers with %s are refused at once, and not shown', (_, headers) => {
  const made = () => httpSource('http://127.0.0.1/x', { headers });
  expect(made).toThrow(expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID' }));
  expect(made).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }));
});
