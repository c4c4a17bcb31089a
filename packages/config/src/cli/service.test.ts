import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background, defaultEnv } from '@fwk/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { configEndpoints } from '../app/manage-config.js';
import { LiveConfig } from '../live/live-config.js';
import { memorySource } from '../sources/memory.js';
import { main } from './main.js';

const files = ['config.yaml', 'token'];
const server = createServer((request, response) => answer(request.url ?? '', request.headers.authorization, response));
let answer: (url: string, authorization: string | undefined, response: ServerResponse) => void;
let url: string;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-config-service-'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(join(folder, 'token'), 'a-token-of-management\n');
  await writeFile(join(folder, 'config.yaml'), 'shop: { maxItems: 6, name: lamp, apiKey: hunter3 }\n');
});
beforeEach(() => {
  answer = (_, __, response) => response.writeHead(500).end();
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

/** Runs the program; names of files stand for those in the folder. */
async function run(args: readonly string[], env: Record<string, string> = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const code = await main(
    args.map((arg) => (files.includes(arg) ? join(folder, arg) : arg)),
    { out: (text) => void out.push(text), err: (text) => void err.push(text) },
  );
  vi.unstubAllEnvs();
  return { code, out: out.join(''), err: err.join('') };
}

/** Answers as a service does whose settings come from this source. */
async function serving(source = memorySource('store', { shop: { maxItems: 5, name: 'lamp', apiKey: 'hunter2' } })) {
  const config = new LiveConfig({ sources: [source], environment: false, watch: false });
  await config.start(defaultEnv, background);
  const endpoints = configEndpoints(config);
  answer = async (asked, _, response) => {
    const parameter = asked.split('/')[3];
    const path = parameter === undefined ? 'config' : 'config/:path';
    const endpoint = endpoints.find((each) => each.path === path && each.method === undefined);
    const told = await endpoint?.handle({ parameter: decodeURIComponent(parameter ?? ''), query: {}, body: undefined });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(told));
  };
  return { config, source };
}

describe('fwk-config asks a running service', () => {
  test('why a setting has its value', async () => {
    const { config } = await serving();
    await config.overrides.set('shop.maxItems', 7, { actor: 'ann', reason: 'sale' });
    for (const address of [url, `${url}/manage`, `${url}/manage/config/`, url.slice(url.lastIndexOf(':') + 1)]) {
      expect(await run(['explain', 'shop.maxItems', '--url', address])).toEqual({
        code: 0,
        out: 'shop.maxItems = 7\n  set at overrides, key shop.maxItems by ann: sale: 7\n  over store: 5\n',
        err: '',
      });
    }
    expect(await run(['explain', 'shop.no', '--url', url])).toMatchObject({ code: 1, out: 'shop.no is not set\n' });
    const told = await run(['explain', 'shop.apiKey', '--url', url, '--json']);
    expect(JSON.parse(told.out)).toMatchObject({ path: 'shop.apiKey', value: '******', secret: true });
  });

  test('whether its settings are valid, and why the last change was not taken', async () => {
    const { config, source } = await serving();
    const good = await run(['validate', '--url', url]);
    expect(good).toMatchObject({ code: 0, err: '' });
    expect(good.out).toContain(`${url}: version 1, hash ${config.hash}; the settings are valid;`);
    expect(good.out).toContain('  store: 3 settings\n');
    source.fail(new Error('the disk is gone'));
    await config.reload();
    const bad = await run(['validate', '--url', url]);
    expect(bad.code).toBe(1);
    expect(bad.out).toContain('the last change was refused: store: the source failed: the disk is gone');
  });

  test('what differs from a file, but for secrets', async () => {
    await serving();
    expect(await run(['diff', url, 'config.yaml'])).toEqual({
      code: 1,
      out: 'shop.maxItems: 5 → 6\n',
      err: 'secrets were not compared: a running service does not tell them\n',
    });
    expect(await run(['diff', url, url, '--json'])).toEqual({ code: 0, out: '[]\n', err: '' });
  });

  test('with the token of a file or of a variable', async () => {
    await serving();
    const open = answer;
    answer = (asked, authorization, response) => {
      if (authorization === 'Bearer a-token-of-management') return open(asked, authorization, response);
      const problem = JSON.stringify({ status: 401, detail: 'send the management token' });
      return response.writeHead(401, { 'content-type': 'application/problem+json' }).end(problem);
    };
    expect(await run(['validate', '--url', url, '--token-file', 'token'])).toMatchObject({ code: 0 });
    expect(await run(['validate', '--url', url], { FWK_SETTINGS_TOKEN: 'a-token-of-management' })).toMatchObject({
      code: 0,
    });
    expect(await run(['validate', '--url', url])).toMatchObject({
      code: 3,
      err: expect.stringMatching(/asks for a token: send the management token; name a file by --token-file/),
    });
    const wrong = await run(['validate', '--url', url], { FWK_SETTINGS_TOKEN: 'another-token-hunter2' });
    expect(wrong).toMatchObject({ code: 3, err: expect.stringContaining('does not take this token') });
    expect(wrong.err).not.toContain('hunter2');
  });
});

describe('fwk-config says why a service could not be asked', () => {
  const html = { 'content-type': 'text/html' };
  const json = { 'content-type': 'application/json' };

  test.each([
    ['a page of HTML', 200, html, '<html>', 'answered something else than JSON'],
    ['another program', 200, json, '{"status":"UP"}', 'answered something else than its settings'],
    ['half a document', 200, json, '{"values":', 'answered something else than JSON'],
    ['a document with odd parts', 200, json, '{"values":{},"hash":"x","sources":[null]}', 'something else than its'],
    ['no settings', 404, json, '{"detail":"there is no /manage/config"}', 'has no settings to show: there is no'],
    ['a redirection', 302, { location: 'http://127.0.0.1:1/' }, '', 'answered with status 302'],
    ['an error that paints the terminal', 500, json, '{"detail":"\\u001b[2J"}', 'status 500: \\u001b[2J'],
    ['more than it should', 200, json, `"${'x'.repeat(17 * 1024 * 1024)}"`, 'answered more than 16777216 bytes'],
  ])('%s', async (_, status, headers, body, why) => {
    answer = (__, ___, response) => response.writeHead(status, headers).end(body);
    const { code, out, err } = await run(['validate', '--url', url]);
    expect([code, out]).toEqual([3, '']);
    expect(err).toContain(`${url} `);
    expect(err).toContain(why);
    expect(err).not.toContain('\u001b');
  });

  test('nothing there, and one that is silent', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    expect(await run(['explain', 'a', '--url', `${port}`])).toMatchObject({
      code: 3,
      err: expect.stringContaining(`http://127.0.0.1:${port} cannot be asked (ECONNREFUSED)`),
    });
    answer = () => {};
    expect(await run(['explain', 'a', '--url', url, '--timeout-ms', '50'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('did not answer within 50 ms'),
    });
    const told = await run(['diff', 'config.yaml', `http://127.0.0.1:${port}`, '--json']);
    expect(JSON.parse(told.out)).toMatchObject({ error: { code: 'FWK_CONFIG_SERVICE_UNREACHABLE' } });
  });

  test.each([
    [['validate', '--url', 'localhost:9000'], 'must be a URL'],
    [['validate', '--url', 'http://ann:hunter2@127.0.0.1'], 'takes no name and password'],
    [['validate', '--url', '9000', '--file', 'config.yaml'], 'has its own --file'],
    [['diff', 'a', 'b', '--url', '9000'], 'in the place of A or B'],
    [['diff', 'a', 'b', '--file', 'config.yaml'], 'takes no --file'],
    [['explain', 'a', '--url', '9000', '--timeout-ms', 'soon'], 'must be a number from 1 to 60000 ms'],
    [['key', '--url', '9000'], 'key takes no --url'],
    [['explain', 'a', '--url', '9000', '--token-file', 'nowhere'], 'the file of the token cannot be read'],
    [['explain', 'a', '--url', '9000', '--token-file', 'config.yaml'], 'must hold a token'],
  ])('%j is called wrongly', async (args, why) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).toContain(why);
    expect(err).not.toContain('hunter2');
  });
});
