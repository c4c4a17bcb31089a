/** What `/manage/endpoints` says of clients that really call. */
import { readFile } from 'node:fs/promises';
import { createApp } from '@fwk/core';
import { discovery, type Registry, roundRobin } from '@fwk/discovery';
import { type PolicyOptions, resilience } from '@fwk/resilience';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Fleet, fleetContract, startFleet } from '../fixtures/fleet.js';
import { wireUnderTest } from '../fixtures/wire-under-test.js';
import { clientOf } from './client-of.js';

const fleets: Fleet[] = [];
afterEach(async () => {
  for (const fleet of fleets.splice(0)) await fleet[Symbol.asyncDispose]();
});

async function start(...given: Parameters<typeof startFleet>): Promise<Fleet> {
  const fleet = await startFleet(...given);
  fleets.push(fleet);
  return fleet;
}

async function startApp(registry: Registry, policies: Readonly<Record<string, PolicyOptions>> = {}) {
  const app = createApp({
    name: 'caller',
    version: '1.0.0',
    owner: 'tests',
    signals: false,
    logging: { level: 'silent' },
    shutdown: { propagationDelayMs: 0 },
    management: { port: 0 },
    use: [discovery({ registry }), resilience({ policies })],
  });
  await app.start();
  onTestFinished(() => app.stop());
  return app;
}

describe('the report of a client', () => {
  test('has the share of the picks, the facts and the wire of each instance', async () => {
    const fleet = await start({ one: { version: '1.0.0', zone: 'a' }, two: { version: '2.0.0-rc.1', weight: 2 } });
    const answered = await fleet.ask(30);
    const { clients, endpoints } = fleet.known.monitor.report('fleet');
    const own = endpoints.filter(({ client, picks }) => client === clients[0]?.client && picks > 0);
    for (const { endpoint, picks, share } of own) {
      const count = answered.filter((id) => id === endpoint).length;
      expect(picks).toBe(count);
      expect(share).toBeCloseTo(count / 30, 3);
    }
    expect(endpoints).toContainEqual(
      expect.objectContaining({
        endpoint: 'two',
        version: '2.0.0-rc.1',
        weight: 2,
        zone: undefined,
        status: 'ready',
        inFlight: 0,
        wire: wireUnderTest(),
        leftOut: undefined,
      }),
    );
  });

  test('says which rule left an instance out, what it measured, and until when', async () => {
    const fleet = await start(
      { one: {}, two: {}, three: {} },
      { retry: false, breaker: false, balancer: roundRobin() },
    );
    fleet.configure({ ejection: { consecutiveFailures: 2 } });
    fleet.down.add('two');
    for (let call = 0; call < 60; call++) await fleet.client.who({}).catch(() => {});
    const { clients, endpoints } = fleet.known.monitor.report();
    expect(endpoints.find(({ endpoint, picks }) => endpoint === 'two' && picks > 0)?.leftOut).toEqual({
      rule: 'consecutive-failures',
      measured: 2,
      threshold: 2,
      untilMs: expect.any(Number),
      error: expect.stringContaining('500'),
    });
    expect(clients[0]).toMatchObject({ service: 'fleet', known: 3, picked: 2, panic: undefined });
    // What a registry says of an instance does not count in its own process.
    if (wireUnderTest() === 'local') return;
    await fleet.registrations.get('one')?.setStatus('DRAINING');
    await vi.waitFor(() =>
      expect(fleet.known.monitor.list().find(({ endpoint }) => endpoint === 'one')?.leftOut).toEqual({
        rule: 'status',
        measured: 'DRAINING',
        wanted: 'UP',
      }),
    );
  });
});

describe('the management listener', () => {
  test('takes a wider split by PUT with the token, and refuses a bad one whole', async () => {
    const fleet = await start({ old: { version: '1.4.0' }, canary: { version: '1.5.0' } });
    const app = await startApp(fleet.registry, { fleet: { routing: { split: { '1.4.0': 1, '1.5.0': 0 } } } });
    const client = app.get(clientOf(fleetContract, { wire: wireUnderTest() }));
    const answered = async () => {
      const ids = new Set<string>();
      for (let call = 0; call < 20; call++) ids.add((await client.who({})).id);
      return [...ids];
    };
    const token = (await readFile(app.managementTokenFile ?? '', 'utf8')).trim();
    const put = (options: unknown, authorization = `Bearer ${token}`) =>
      fetch(`${app.managementUrl}/manage/policies/fleet`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', authorization },
        body: JSON.stringify({ options }),
      });
    expect(await answered()).toEqual(['old']);
    expect((await put({ routing: { split: { '1.5.0': 1 } } })).status).toBe(200);
    expect(await answered()).toEqual(['canary']);
    const refused = await put({ routing: { split: { '1.5.0': 0 }, zone: 'a' }, balancer: 'best', timeoutMs: 5 });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      code: 'FWK_RESILIENCE_CHANGE_INVALID',
      problems: [
        expect.stringMatching(/^balancer: kind must be one of/),
        expect.stringMatching(/^routing: unknown option "zone", did you mean "zones"\? \(known: .*key\)/),
        expect.stringMatching(/^routing: split must be .* sum above 0/),
      ],
    });
    expect((await put({}, 'Bearer wrong')).status).toBe(401);
    expect(await answered()).toEqual(['canary']);
    const report = await (await fetch(`${app.managementUrl}/manage/endpoints?service=fleet`)).json();
    expect(report).toMatchObject({
      clients: [{ split: [{ group: '1.5.0', endpoints: 1, configured: 1, measured: 1 }] }],
      endpoints: [
        { endpoint: 'old', leftOut: { rule: 'split' } },
        { endpoint: 'canary', group: '1.5.0' },
      ],
    });
    expect((await put({})).status).toBe(200);
    expect(await answered()).toEqual(['old']);
  });

  test('shows the clients of the application, of all services or of one', async () => {
    const fleet = await start({ one: {} });
    const { instance } = fleet.registrations.get('one')!;
    const client = clientOf(fleetContract, { wire: wireUnderTest() });
    const fixed = clientOf(fleetContract, { service: 'fixed', endpoints: [`http://127.0.0.1:${instance.port}`] });
    const app = await startApp(fleet.registry);
    await app.get(client).who({});
    const ask = async (query = '') => (await fetch(`${app.managementUrl}/manage/endpoints${query}`)).json();
    expect(await ask('?service=fleet')).toEqual({
      clients: [
        {
          client: 'caller/fleet',
          service: 'fleet',
          path: 'caller/fleet',
          balancer: expect.objectContaining({ kind: 'p2c' }),
          known: 1,
          picked: 1,
        },
      ],
      endpoints: [expect.objectContaining({ client: 'caller/fleet', endpoint: 'one', picks: 1, share: 1 })],
    });
    expect(await ask('?service=flet')).toEqual({ clients: [], endpoints: [] });
    await app.get(fixed).who({});
    expect(await ask('?service=fixed')).toMatchObject({
      clients: [{ client: 'caller/fixed', known: 1 }],
      endpoints: [{ client: 'caller/fixed', url: `http://127.0.0.1:${instance.port}`, picks: 1 }],
    });
    const all = (await ask()) as { readonly clients: readonly { readonly client: string }[] };
    expect(all.clients.map(({ client }) => client)).toEqual(['caller/fleet', 'caller/fixed']);
  });
});
