/**
 * Instances come and go while calls are on their way to them, again and again: not one call is lost, neither reads nor writes,
 * and no write is done twice. `npm run drill -- drain` does the same with a hundred real processes.
 */
import { type App, createApp } from '@fwk/core';
import { discovery, memberships, memoryRegistry, type Registry } from '@fwk/discovery';
import { defaultEnv } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createClient } from '../client/create-client.js';
import { contract } from '../contract/contract.js';
import { get, post } from '../contract/operation.js';
import { served } from '../serving/served.js';
import { http } from './http.js';

const shop = contract('shop', {
  version: '1.0.0',
  operations: { read: get('/read', { response: z.string() }), write: post('/write', { response: z.string() }) },
});

const rounds = 3;
/** Instances that are replaced at the same time. */
const group = 4;
const callersAtOnce = 8;
/** Long for what happens in it, since all of them share one event loop with their callers. */
const propagationDelayMs = 600;

async function startInstance(registry: Registry, number: number, written: () => void): Promise<App> {
  const work = () => new Promise<string>((resolve) => setTimeout(resolve, 5, `shop-${number}`));
  const write = () => {
    written();
    return work();
  };
  const app = createApp({
    name: 'shop',
    version: '1.0.0',
    owner: 'tests',
    instanceId: `shop-${number}`,
    management: false,
    signals: false,
    logging: { level: 'silent' },
    shutdown: { propagationDelayMs },
    use: [discovery({ registry }), http({ port: 0, serve: [served(shop, { read: work, write })] })],
  });
  await app.start();
  return app;
}

test.each(['http', 'mux'] as const)(
  'of calls over %s none is lost when instances are replaced under load',
  async (wire) => {
    const registry = memoryRegistry();
    let started = 0;
    const writes = { asked: 0, done: 0 };
    const startGroup = () =>
      Promise.all(Array.from({ length: group }, () => startInstance(registry, ++started, () => writes.done++)));
    let running = await startGroup();
    using known = memberships(registry, defaultEnv);
    await using client = createClient(shop, {
      memberships: known,
      wire,
      timeoutMs: 15_000,
      deadlineMs: 20_000,
    });
    const failures: unknown[] = [];
    const answeredBy = new Set<string>();
    let loading = true;
    let calls = 0;
    const callers = Array.from({ length: callersAtOnce }, async (_, caller) => {
      while (loading) {
        calls++;
        if (caller % 2 === 1) writes.asked++;
        await (caller % 2 === 0 ? client.read() : client.write()).then(
          (id) => answeredBy.add(id),
          (error: unknown) => failures.push(error),
        );
      }
    });
    for (let round = 0; round < rounds; round++) {
      const old = running;
      running = await startGroup();
      await Promise.all(old.map((app) => app.stop()));
      for (const app of old) expect(app.stopReport).toMatchObject({ abandoned: 0, cutOff: [], failures: [] });
    }
    loading = false;
    await Promise.all(callers);
    await Promise.all(running.map((app) => app.stop()));
    expect(failures).toEqual([]);
    expect(writes.done).toBe(writes.asked);
    expect(answeredBy.size).toBeGreaterThan(group * rounds);
    expect(calls).toBeGreaterThan(10 * callersAtOnce);
  },
  60_000,
);
