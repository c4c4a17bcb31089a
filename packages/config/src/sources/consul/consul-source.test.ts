/** Settings in a real Consul. */
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ConsulAgent, consulProgram, startAgent } from '../../../../discovery/src/fixtures/consul/consul-agent.js';
import { faultProxy } from '../../../../discovery/src/fixtures/consul/fault-proxy.js';
import { loadConfig } from '../../app/load-config.js';
import { configSourceContract } from '../../testing/source-contract.js';
import { keptCopy, optionalSource } from '../when-down.js';
import { consulDocumentSource } from './consul-document.js';
import type { ConsulSourceOptions } from './consul-options.js';
import { consulTreeSource } from './consul-tree.js';

const patience = { timeout: 15_000, interval: 20 };
const rootToken = '11111111-2222-3333-4444-555555555555';

describe.runIf(consulProgram)('settings in Consul', () => {
  let agent: ConsulAgent;
  beforeAll(async () => {
    agent = await startAgent();
  });
  afterAll(() => agent[Symbol.asyncDispose]());

  const put = (key: string, value: string, at: ConsulAgent = agent, token = '') =>
    at.ask(`/kv/${key}`, { method: 'PUT', body: value, headers: { 'x-consul-token': token } });
  const remove = (key: string) => agent.ask(`/kv/${key}?recurse`, { method: 'DELETE' });
  let folders = 0;
  /** A folder of this test alone. */
  const folder = () => `config/shop${++folders}`;

  for (const { name, run } of configSourceContract({
    async open() {
      const at = folder();
      await put(`${at}/shop/maxItems`, '5');
      return {
        source: consulTreeSource(at, { url: agent.url }),
        says: { shop: { maxItems: 5 } },
        async change() {
          await put(`${at}/shop/maxItems`, '6');
          return { shop: { maxItems: 6 } };
        },
        async damage() {
          await put(`${at}/shop`, 'both a value and a folder');
        },
      };
    },
  })) {
    test(`a tree: ${name}`, run);
  }

  for (const { name, run } of configSourceContract({
    async open() {
      const key = `${folder()}.yaml`;
      await put(key, 'shop: { maxItems: 5 }');
      return {
        source: consulDocumentSource(key, { url: agent.url }),
        says: { shop: { maxItems: 5 } },
        async change() {
          await put(key, '{ "shop": { "maxItems": 6 } }');
          return { shop: { maxItems: 6 } };
        },
        async damage() {
          await put(key, 'shop: [');
        },
      };
    },
  })) {
    test(`a document: ${name}`, run);
  }

  async function configOf(source: Parameters<typeof optionalSource>[0], defaults: object = {}) {
    const config = await loadConfig({ defaults, sources: [source], environment: false });
    onTestFinished(() => config[Symbol.asyncDispose]());
    return config;
  }

  test('are live: new keys, changed ones and those that are gone', async () => {
    const at = folder();
    await put(`${at}/checkout/max-items`, '20');
    await put(`${at}/greeting`, 'hello\n');
    const config = await configOf(consulTreeSource(at, { url: agent.url }), { checkout: { maxItems: 1 } });
    expect(config.current.value).toEqual({ checkout: { maxItems: 20 }, greeting: 'hello' });
    expect(config.explain('checkout.maxItems').winner?.where).toBe(`consul ${at}/, key ${at}/checkout/max-items`);
    await put(`${at}/checkout/payLater`, 'true');
    await vi.waitFor(() => expect(config.get('checkout.payLater').value).toBe(true), patience);
    await remove(`${at}/checkout`);
    await vi.waitFor(
      () => expect(config.current.value).toEqual({ checkout: { maxItems: 1 }, greeting: 'hello' }),
      patience,
    );
    expect(config.lastRefusal).toBeUndefined();
  });

  test('in a tree of thousands: only what has changed is read again, and only its listeners are told', async () => {
    const at = folder();
    const names = Array.from({ length: 3000 }, (_, number) => `part${number % 30}/key${number}`);
    for (let start = 0; start < names.length; start += 60) {
      const changes = names.slice(start, start + 60).map((name) => ({
        KV: { Verb: 'set', Key: `${at}/${name}`, Value: Buffer.from('1').toString('base64') },
      }));
      expect((await agent.ask('/txn', { method: 'PUT', body: JSON.stringify(changes) })).status).toBe(200);
    }
    const proxy = await faultProxy(agent.url);
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    const config = await configOf(consulTreeSource(at, { url: proxy.url }));
    const before = config.current.value;
    proxy.paths.length = 0;
    const told = vi.fn();
    config.get('part7.key37').subscribe(told);
    config.get('part8').subscribe(() => expect.fail('nothing has changed here'));
    await put(`${at}/part7/key37`, '2');
    await vi.waitFor(() => expect(told).toHaveBeenCalledWith(2, 1), patience);
    expect(config.current.value.part8).toBe(before.part8);
    const read = proxy.paths.filter((path) => path.includes('recurse'));
    expect(read).toHaveLength(1);
    expect(read[0]).toMatch(/part7/);
  });

  test('of 500 kB in one document are read, and a value that is none is told with its key while the last good one stays', async () => {
    const key = `${folder()}.json`;
    const lines = Object.fromEntries(Array.from({ length: 5000 }, (_, line) => [`line${line}`, 'x'.repeat(86)]));
    const text = JSON.stringify({ lines });
    expect(text.length).toBeGreaterThan(490_000);
    await put(key, text);
    const config = await configOf(consulDocumentSource(key, { url: agent.url }));
    expect(config.current.value).toEqual({ lines });
    for (const [bad, code] of [
      ['just words', 'FWK_CONFIG_SYNTAX'],
      ['[1, 2]', 'FWK_CONFIG_ROOT_INVALID'],
      ['', 'FWK_CONFIG_SYNTAX'],
      ['{"__proto__": {"polluted": 1}}', 'FWK_CONFIG_KEY_REFUSED'],
    ] as const) {
      await put(key, bad);
      await vi.waitFor(() => expect(config.lastRefusal?.code, bad).toBe(code), patience);
      expect(config.lastRefusal?.reason).toContain(key);
      expect(config.current.value).toEqual({ lines });
    }
    await put(key, '{"lines": {}}');
    await vi.waitFor(() => expect(config.current.value).toEqual({ lines: {} }), patience);
    expect(config.lastRefusal).toBeUndefined();
  });

  test('that are not UTF-8 are refused with the name of their key', async () => {
    const at = folder();
    await agent.ask(`/kv/${at}/name`, { method: 'PUT', body: new Uint8Array([0xff, 0xfe]) });
    const source = consulTreeSource(at, { url: agent.url });
    await expect(configOf(source)).rejects.toMatchObject({
      code: 'FWK_CONFIG_FILE_ENCODING',
      message: expect.stringContaining(`${at}/name`),
    });
  });

  test('that are not there end the start unless they are optional, and are taken once they are', async () => {
    const at = folder();
    const source = consulTreeSource(at, { url: agent.url });
    await expect(configOf(source)).rejects.toMatchObject({
      code: 'FWK_CONFIG_KEY_MISSING',
      message: expect.stringContaining(`no key below "${at}/"`),
    });
    const config = await configOf(optionalSource(consulTreeSource(at, { url: agent.url })));
    expect(config.current.value).toEqual({});
    await put(`${at}/a`, '1');
    await vi.waitFor(() => expect(config.current.value).toEqual({ a: 1 }), patience);
    expect(config.current.stale).toBeUndefined();
    await remove(at);
    await vi.waitFor(() => expect(config.lastRefusal?.code).toBe('FWK_CONFIG_KEY_MISSING'), patience);
    expect(config.current.value).toEqual({ a: 1 });
  });

  test('end the start with the agent’s address when nobody answers there', async () => {
    const source = consulDocumentSource('a.yaml', { url: 'http://127.0.0.1:9', requestTimeoutMs: 500 });
    await expect(configOf(source)).rejects.toMatchObject({
      code: 'FWK_CONFIG_SOURCE_UNREACHABLE',
      message: expect.stringMatching(/^consul a\.yaml: Consul at 127\.0\.0\.1:9 does not say/),
    });
  });
});

describe.runIf(consulProgram)('Consul in trouble', () => {
  const put = (at: ConsulAgent, key: string, value: string) =>
    at.ask(`/kv/${key}`, { method: 'PUT', body: value, headers: { 'x-consul-token': rootToken } });

  async function anAgent(setup: Parameters<typeof startAgent>[0] = {}) {
    const agent = await startAgent(setup);
    onTestFinished(() => agent[Symbol.asyncDispose]());
    return agent;
  }

  async function start(agent: ConsulAgent, options: Partial<ConsulSourceOptions> = {}, file?: string) {
    const source = consulTreeSource('shop', { url: agent.url, maxPauseMs: 100, ...options });
    const kept = file === undefined ? source : keptCopy(source, { file });
    const config = await loadConfig({ sources: [kept], environment: false });
    onTestFinished(() => config[Symbol.asyncDispose]());
    return config;
  }

  test('changes nothing: what it said stays, and an agent that comes back with other indexes is followed again', async () => {
    const agent = await anAgent();
    for (let write = 0; write < 30; write++) await put(agent, 'shop/name', `lamp ${write}`);
    const folder = await mkdtemp(join(tmpdir(), 'fwk-consul-config-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'copy.json');
    const first = await start(agent, {}, file);
    await vi.waitFor(() => access(file), patience);
    await agent.kill();
    await vi.waitFor(() => expect(first.lastRefusal?.code).toBe('FWK_CONFIG_SOURCE_UNREACHABLE'), patience);
    expect(first.current.value).toEqual({ name: 'lamp 29' });
    expect(first.current.stale?.reason).toMatch(/what it said last stays/);
    // A process that starts meanwhile goes on with what another one has kept.
    const second = await start(agent, {}, file);
    expect(second.current.value).toEqual({ name: 'lamp 29' });
    expect(second.current.stale?.reason).toMatch(/its copy of/);
    await agent.restart();
    await put(agent, 'shop/name', 'chair');
    for (const config of [first, second]) {
      await vi.waitFor(() => expect(config.current.value).toEqual({ name: 'chair' }), patience);
      await vi.waitFor(() => expect(config.current.stale).toBeUndefined(), patience);
    }
    await put(agent, 'shop/name', 'table');
    await vi.waitFor(() => expect(first.current.value).toEqual({ name: 'table' }), patience);
  });

  test('refuses a token: the start fails and says which right is missing; later the last word stays until a token is good', async () => {
    const agent = await anAgent(secured);
    await put(agent, 'shop/name', 'lamp');
    const { AccessorID, SecretID } = await makeToken(agent, 'key_prefix "shop/" { policy = "read" }');
    const { SecretID: other } = await makeToken(agent, 'key_prefix "other/" { policy = "read" }');
    await expect(start(agent, { token: other })).rejects.toMatchObject({
      code: 'FWK_CONFIG_SOURCE_DENIED',
      message: expect.stringMatching(/refuses the token: .*it needs key_prefix "shop\/" \{ policy = "read" \}/s),
    });
    await expect(start(agent, { token: '99999999-2222-3333-4444-555555555555' })).rejects.toThrow(/ACL not found/);
    let token = SecretID;
    const config = await start(agent, { token: async () => token });
    expect(config.current.value).toEqual({ name: 'lamp' });
    await ask(agent, 'DELETE', `/acl/token/${AccessorID}`);
    // A held question goes on with the token that it was asked with; the next one is refused.
    await put(agent, 'shop/name', 'chair');
    await vi.waitFor(() => expect(config.lastRefusal?.code).toBe('FWK_CONFIG_SOURCE_DENIED'), patience);
    expect(config.current.value).toEqual({ name: 'lamp' });
    expect(config.lastRefusal?.reason).not.toContain(SecretID);
    token = rootToken;
    await vi.waitFor(() => expect(config.current.value).toEqual({ name: 'chair' }), patience);
    expect(config.lastRefusal).toBeUndefined();
  });

  test('is asked with the token that a file holds now', async () => {
    const agent = await anAgent(secured);
    await put(agent, 'shop/name', 'lamp');
    const folder = await mkdtemp(join(tmpdir(), 'fwk-consul-config-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'no-token');
    await expect(start(agent, { tokenFile })).rejects.toMatchObject({ code: 'FWK_CONFIG_SOURCE_DENIED' });
    await writeFile(tokenFile, `${rootToken}\n`);
    expect((await start(agent, { tokenFile })).current.value).toEqual({ name: 'lamp' });
  });
});

test.each<[string, unknown, RegExp]>([
  ['no folder', '', /the folder must be a text such as config\/shop/],
  ['a slash before it', '/config', /the folder must be/],
  ['dots that URLs do not keep', 'config/../secrets', /the folder must be/],
  ['an empty part', 'config//shop', /the folder must be/],
  ['something else than text', 5, /the folder must be.*not 5/],
])('refuses %s', (_what, folder, message) => {
  expect(() => consulTreeSource(folder as string)).toThrow(message);
});

test.each<[string, object, RegExp]>([
  ['a misspelt option', { tokenfile: 'x' }, /unknown option "tokenfile"/],
  ['a token in clear to another machine', { url: 'http://consul.internal:8500', token: 'abc' }, /in clear/],
  ['a token that is none, without showing it', { token: 'two words' }, /^(?!.*two words).*token must be visible ASCII/],
  ['a wait without end', { waitMs: 1e9 }, /waitMs must be/],
])('refuses %s', (_what, options, message) => {
  expect(() => consulDocumentSource('a.yaml', options)).toThrow(message);
});

const secured = {
  token: rootToken,
  config: {
    primary_datacenter: 'dc1',
    acl: { enabled: true, default_policy: 'deny', tokens: { master: rootToken, agent: rootToken } },
  },
};

function ask(agent: ConsulAgent, method: string, path: string, body?: object): Promise<Response> {
  return agent.ask(path, {
    method,
    headers: { 'x-consul-token': rootToken },
    ...(body && { body: JSON.stringify(body) }),
  });
}

async function makeToken(agent: ConsulAgent, rules: string): Promise<{ AccessorID: string; SecretID: string }> {
  const name = `policy-${rules.replace(/\W+/g, '-')}`;
  await ask(agent, 'PUT', '/acl/policy', { Name: name, Rules: rules });
  const made = await ask(agent, 'PUT', '/acl/token', { Policies: [{ Name: name }] });
  return (await made.json()) as { AccessorID: string; SecretID: string };
}
