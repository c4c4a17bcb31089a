import { eventBus, makeEnv, systemClock } from '@fwk/kernel';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ConsulAgent, consulProgram, startAgent } from '../../fixtures/consul/consul-agent.js';
import { type Fault, type FaultProxy, faultProxy } from '../../fixtures/consul/fault-proxy.js';
import type { Registry, Watch } from '../../registry.js';
import { anInstance } from '../../testing/instances.js';
import { consulRegistry } from './consul-registry.js';

/** Far more than any of it takes, since machines may be busy. */
const patience = { timeout: 15_000, interval: 50 };

const faults: readonly [string, Fault, RegExp][] = [
  [
    'status 500',
    (_path, answer) => reply(answer, 500, 'rpc error: No cluster leader'),
    /status 500.*No cluster leader/,
  ],
  ['something that is not JSON', (_path, answer) => reply(answer, 200, '<html>'), /not JSON/],
  ['something of another shape', (_path, answer) => reply(answer, 200, '{"a":1}'), /no list/],
  ['nothing at all', (_path, answer) => reply(answer, 200, ''), /not JSON/],
  ['nothing for too long', () => 'taken', /no answer within 300 ms/],
  ['half an answer', (_path, answer) => cutOff(answer), /connection|aborted|hang up/],
  ['a list without an index', (_path, answer) => reply(answer, 200, '[]', {}), /X-Consul-Index/],
];

describe.runIf(consulProgram)('a Consul registry whose agent answers', () => {
  let agent: ConsulAgent;
  let proxy: FaultProxy;
  let far: Registry;
  let near: Registry;
  let watch: Watch;

  beforeAll(async () => {
    agent = await startAgent();
    near = consulRegistry({ url: agent.url });
    await near.register(anInstance());
  });
  afterAll(async () => {
    await near.close();
    await agent[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    proxy = await faultProxy(agent.url);
    far = consulRegistry({ url: proxy.url, requestTimeoutMs: 300, maxPauseMs: 100 });
    watch = far.watch('inventory');
    await vi.waitFor(() => expect(watch.instances.value).toHaveLength(1), patience);
    // What breaks then meets a question that is held; one that is put later would wait for minutes where nothing answers.
    await vi.waitFor(() => expect(questions(proxy).at(-1)).toContain('index='), patience);
  });
  afterEach(async () => {
    await far.close();
    await proxy[Symbol.asyncDispose]();
  });

  test.each(faults)(
    '%s keeps the last list, marks it stale with the reason, and is over when Consul is back',
    async (_name, fault, reason) => {
      const list = watch.instances.value;
      proxy.break((path, answer) => (path.includes('/health/service/') ? fault(path, answer) : undefined));
      await vi.waitFor(() => expect(watch.instances.stale?.reason).toMatch(reason), patience);
      expect(watch.instances.value).toBe(list);
      proxy.break(undefined);
      await vi.waitFor(() => expect(watch.instances.stale).toBeUndefined(), patience);
      expect(watch.instances.value).toBe(list);
      const other = await near.register(anInstance({ id: 'inventory-2', port: 4002 }));
      await vi.waitFor(() => expect(watch.instances.value).toHaveLength(2), patience);
      await other.deregister();
    },
  );

  test('nothing: it says that it is lost and then regained, and does not storm the agent', async () => {
    const events = eventBus();
    const seen: string[] = [];
    events.on('registry.*', ({ name }) => seen.push(name));
    const registry = far.connect?.(makeEnv({ events })) ?? far;
    const { instances, known } = registry.watch('inventory');
    await vi.waitFor(() => expect(known.value).toBe(true), patience);
    const before = proxy.paths.length;
    proxy.break((_path, answer) => reply(answer, 503, 'overloaded'));
    await vi.waitFor(() => expect(registry.connection.value).toMatchObject({ state: 'lost', reason: /503/ }), patience);
    // The connection that was cut is a reason too, at first.
    await vi.waitFor(() => expect(instances.stale?.reason).toMatch(/503/), patience);
    expect(instances.value).toHaveLength(1);
    proxy.break(undefined);
    await vi.waitFor(() => expect(registry.connection.value.state).toBe('connected'), patience);
    await registry.close();
    expect(seen).toEqual(['registry.lost', 'registry.regained']);
    expect(proxy.paths.length - before).toBeLessThan(100);
  });

  test('nobody any more, though connections stand: held questions notice nothing, and yet lists are stale', async () => {
    const registry = consulRegistry({ url: proxy.url, requestTimeoutMs: 300, maxPauseMs: 100, ttlMs: 1000 });
    const { instances } = registry.watch('inventory');
    await vi.waitFor(() => expect(instances.value).toHaveLength(1), patience);
    await vi.waitFor(() => expect(questions(proxy).at(-1)).toContain('index='), patience);
    const asked = questions(proxy).length;
    proxy.break(() => 'taken', false);
    await vi.waitFor(() => expect(instances.stale?.reason).toMatch(/no answer within 300 ms/), patience);
    expect(questions(proxy)).toHaveLength(asked);
    proxy.break(undefined, false);
    await vi.waitFor(() => expect(instances.stale).toBeUndefined(), patience);
    expect(instances.value).toHaveLength(1);
    await registry.close();
  });

  test('with an index that goes back: it starts anew and misses nothing', async () => {
    let held: Parameters<Fault>[1] | undefined;
    let restored = false;
    proxy.rewrite = (path, headers, body) => {
      if (path.includes('/health/service/')) headers['x-consul-index'] = '1000000';
      return body;
    };
    const restoredAnswer: Fault = (_path, answer) => reply(answer, 200, '[]', { 'x-consul-index': '7' });
    proxy.break((path, answer) => {
      if (!path.includes('index=1000000')) return undefined;
      if (restored) return restoredAnswer(path, answer);
      held = answer;
      return 'taken';
    });
    await vi.waitFor(() => expect(held).toBeDefined(), patience);
    // The servers were restored from a snapshot: what they say now has an index that is long past.
    proxy.rewrite = undefined;
    restored = true;
    if (held) restoredAnswer('', held);
    const sinceRestored = () => {
      const all = questions(proxy);
      return all.slice(all.findLastIndex((path) => path.includes('index=1000000')) + 1);
    };
    await vi.waitFor(() => expect(sinceRestored().at(-1)).toMatch(/index=\d+&/), patience);
    expect(sinceRestored()[0]).not.toContain('index=');
    expect(watch.instances.value).toHaveLength(1);
  });

  test('at once, always with another index: it is asked twice, and then at a steady pace', async () => {
    let index = 1_000_000;
    proxy.break((path, answer) => {
      if (!path.includes('/health/service/')) return undefined;
      return reply(answer, 200, '[]', { 'x-consul-index': String(index++) });
    });
    const before = questions(proxy).length;
    await new Promise<void>((resolve) => void systemClock.setTimer(resolve, 500));
    const asked = questions(proxy).length - before;
    expect(asked).toBeGreaterThan(4);
    expect(asked).toBeLessThan(60);
  });

  test('at all: it holds no connection any more once it is closed', async () => {
    expect(proxy.connections).toBeGreaterThan(0);
    await far.close();
    await vi.waitFor(() => expect(proxy.connections).toBe(0), patience);
  });

  test('with an index of nought: it never asks for what comes after nought', async () => {
    proxy.break((path, answer) => {
      if (!path.includes('/health/service/')) return undefined;
      return reply(answer, 200, '[]', { 'x-consul-index': '0' });
    });
    await vi.waitFor(() => expect(proxy.paths.join('\n')).toContain('index=1&'), patience);
    expect(proxy.paths.join('\n')).not.toMatch(/index=0\b/);
  });
});

function questions({ paths }: FaultProxy): readonly string[] {
  return paths.filter((path) => path.includes('/health/service/'));
}

function reply(
  answer: Parameters<Fault>[1],
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = { 'x-consul-index': '99' },
): 'taken' {
  answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  return 'taken';
}

function cutOff(answer: Parameters<Fault>[1]): 'taken' {
  answer.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000', 'x-consul-index': '99' });
  answer.write('[{"Node":', () => answer.destroy());
  return 'taken';
}
