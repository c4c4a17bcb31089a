/** What `/manage/endpoints` says of clients that really call. */
import { createApp } from '@fwk/core';
import { discovery, memoryRegistry, roundRobin } from '@fwk/discovery';
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
  test('shows the clients of the application, of all services or of one', async () => {
    const fleet = await start({ one: {} });
    const registry = memoryRegistry();
    const { instance } = fleet.registrations.get('one')!;
    await registry.register(instance);
    const client = clientOf(fleetContract, { wire: wireUnderTest() });
    const fixed = clientOf(fleetContract, { service: 'fixed', endpoints: [`http://127.0.0.1:${instance.port}`] });
    const app = createApp({
      name: 'caller',
      version: '1.0.0',
      owner: 'tests',
      signals: false,
      logging: { level: 'silent' },
      shutdown: { propagationDelayMs: 0 },
      management: { port: 0 },
      use: [discovery({ registry })],
    });
    await app.start();
    onTestFinished(() => app.stop());
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
