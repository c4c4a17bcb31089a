import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeEnv, noLogger } from '@fwk/kernel';
import { fakeClock, recordEvents } from '@fwk/kernel/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.js';
import { type RawClient, rawClient } from '../../fixtures/raw-client.js';
import { anInstance } from '../../testing/instances.js';
import { openSession } from './client-session.js';
import { checkLocalOptions, type LocalRegistryOptions } from './local-options.js';
import { socketPath } from './place.js';
import { openRegistry, type RegistryServer } from './registry-server.js';
import { Replica } from './replica.js';
import { serveRegistry } from './serve-registry.js';
import { Registrant } from './session.js';
import type { StreamMessage } from './stream-intake.js';
import { Transport } from './transport.js';
import { headers } from './wire.js';

const registrant = new Registrant('holder-one');
const clients: RawClient[] = [];
let folder = '';
let options: LocalRegistryOptions;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-owners-'));
  options = checkLocalOptions({ port: await freePort(), snapshotFile: join(folder, 'registry.json') }, {});
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await rm(folder, { recursive: true });
});

async function client(of?: Registrant): Promise<RawClient> {
  const made = await rawClient(options, of);
  clients.push(made);
  return made;
}

const put = (by: RawClient, parts = {}, more = {}) =>
  by.ask('PUT', '/instances/inventory-1', { instance: anInstance(parts), ...more });

describe('an instance that a registry has from its snapshot', () => {
  test('is its owner’s alone: a stranger can neither take it, nor take it out, nor renew it', async () => {
    const before = await serveRegistry(options);
    await put(await client(registrant));
    await before.close();
    await using served = await serveRegistry(options);
    const stranger = await client();
    const taken = await put(stranger, { address: '127.0.0.66' });
    expect(taken).toMatchObject({ status: 409, answer: { code: 'FWK_DISCOVERY_DUPLICATE_INSTANCE' } });
    expect(await stranger.ask('DELETE', '/instances/inventory-1')).toMatchObject({ status: 403 });
    const renewed = await stranger.ask('POST', '/renewals', { ids: ['inventory-1'] });
    expect(renewed.answer).toEqual({ unknown: ['inventory-1'] });
    const answer = await (await fetch(`${served.url}/v1/instances`)).json();
    expect(answer).toMatchObject({ instances: [{ id: 'inventory-1', address: '127.0.0.1' }] });
    const owner = await client(registrant);
    expect((await owner.ask('POST', '/renewals', { ids: ['inventory-1'] })).answer).toEqual({ unknown: [] });
    expect(await put(owner, { port: 4002 })).toMatchObject({ status: 200 });
    expect(await owner.ask('DELETE', '/instances/inventory-1')).toMatchObject({ status: 200 });
  });
});

describe('an instance that the registry does not know, and a process still lists', () => {
  const entry = { instance: anInstance(), holder: 'holder-one', owner: 'o'.repeat(43) };
  const listed = (): Replica => {
    const replica = new Replica(fakeClock(), options);
    const hello = { epoch: 'epoch-one', version: 0, holder: 'holder-one', ttlMs: 3000, resumed: false };
    replica.apply([
      { kind: 'hello', hello },
      { kind: 'snapshot', entries: [entry], overrides: new Map() },
    ]);
    return replica;
  };
  const remove = (owner?: string): StreamMessage => ({
    kind: 'remove',
    version: 1,
    id: 'inventory-1',
    ...(owner && { owner }),
  });

  test.each([
    ['not taken out by a stranger', 's'.repeat(43), 1],
    ['taken out by its owner', entry.owner, 0],
    ['taken out by the registry', undefined, 0],
  ])('is %s', (_what, owner, left) => {
    const replica = listed();
    replica.apply([remove(owner)]);
    expect(replica.catalog.size).toBe(left);
    replica.close();
  });

  test('is taken out in the name of who asks', async () => {
    await using served = await serveRegistry(options);
    const stranger = await client();
    const stream = await fetch(`${served.url}/v1/events`);
    await stranger.ask('DELETE', '/instances/inventory-1');
    let text = '';
    for await (const part of stream.body ?? []) {
      text += Buffer.from(part).toString();
      if (text.includes('event: remove')) break;
    }
    expect(text).toContain(`"id":"inventory-1","owner":"${stranger.identity.owner}"`);
  });
});

describe('an override that only an instance tells of', () => {
  const override = { status: 'OUT_OF_SERVICE', cause: 'its disk is full', actor: 'operator alice', atMs: 1 };

  async function served(work: (told: { events: ReturnType<typeof recordEvents>; warned: unknown[] }) => Promise<void>) {
    const events = recordEvents();
    const warned: unknown[] = [];
    const logger = { ...noLogger, warn: (_fields: object, message: string) => void warned.push(message) };
    const server = (await openRegistry(
      'holder-of-it',
      undefined,
      options,
      makeEnv({ events, logger }),
    )) as RegistryServer;
    await work({ events, warned });
    await server.close();
  }

  test('is taken as what it is: said so in event, log and the lists', () =>
    served(async ({ events, warned }) => {
      const teller = await client(registrant);
      await put(teller, {}, { override });
      const actor = 'operator alice (as its instance says)';
      const data = { instance: 'inventory-1', status: 'OUT_OF_SERVICE', claimedBy: 'holder-one', actor };
      expect(events.all).toMatchObject([{ name: 'instance.overridden', data }]);
      expect(warned).toEqual(['an instance says that an operator has overridden its status']);
      const { answer } = await teller.ask('GET', '/instances');
      expect(answer.instances).toMatchObject([{ status: 'OUT_OF_SERVICE', lastChange: { actor } }]);
    }));

  test('never takes the place of an operator’s own, and does not come back once one has lifted it', () =>
    served(async ({ events }) => {
      const teller = await client(registrant);
      await teller.ask('PUT', '/overrides/inventory-1', { status: 'DOWN', cause: 'it smokes', actor: 'operator bob' });
      await put(teller, {}, { override });
      expect((await teller.ask('GET', '/instances')).answer.instances).toMatchObject([{ status: 'DOWN' }]);
      await teller.ask('DELETE', '/overrides/inventory-1');
      await put(teller, { port: 4002 }, { override });
      expect((await teller.ask('GET', '/instances')).answer.instances).toMatchObject([{ status: 'UP' }]);
      expect(events.names).toEqual(['instance.overridden', 'instance.override-lifted']);
    }));
});

describe('by the socket', () => {
  test('a request is taken once, and never without the number that it has in its session', async () => {
    await using served = await serveRegistry(options);
    const owner = await client(registrant);
    const send = (
      headers: Readonly<Record<string, string>>,
      place: object = { socketPath: socketPath(options, served.port) },
    ) =>
      new Promise<number | undefined>((resolve, reject) => {
        const body = JSON.stringify({ ids: [] });
        const type = { 'content-type': 'application/json' };
        request({ ...place, method: 'POST', path: '/v1/renewals', headers: { ...headers, ...type } })
          .once('response', (response) => resolve(response.resume().statusCode))
          .once('error', reject)
          .end(body);
      });
    const signed = owner.sign('POST', '/v1/renewals');
    expect(await send(signed)).toBe(200);
    expect(await send(signed)).toBe(401);
    const { [headers.count]: _count, ...unnumbered } = owner.sign('POST', '/v1/renewals');
    expect(await send(unnumbered)).toBe(401);
    expect(await send({ ...owner.sign('POST', '/v1/renewals'), [headers.session]: 'x'.repeat(32) })).toBe(401);
    expect(await send(owner.sign('POST', '/v1/renewals'))).toBe(200);
    // The port is no way in for a session of the socket, not even to read.
    const stream = await fetch(`${served.url}/v1/events`, { headers: owner.sign('GET', '/v1/events') });
    expect([stream.status, await stream.text()]).toEqual([403, expect.stringContaining('sessions are for the socket')]);
  });

  test('a session is one of the socket even when its place is looked for anew while it is opened', async () => {
    await using _served = await serveRegistry(options);
    const transport = new Transport(options, makeEnv());
    let open = false;
    const opening = openSession(transport, registrant, '', 'the registry').finally(() => {
      open = true;
    });
    while (!open) {
      transport.forgetPlace();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await opening).sign('GET', '/v1/state').headers).not.toHaveProperty(headers.proof);
    transport.close();
  });
});
