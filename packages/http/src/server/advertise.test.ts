import { createSocket, Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { testApp } from '@fwk/core/testing';
import type { Announcement, Component } from '@fwk/kernel';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { contract } from '../contract/contract.js';
import { get } from '../contract/operation.js';
import { served } from '../serving/served.js';
import { advertisedPlace, checkAdvertise } from './advertise.js';
import { type HttpOptions, http } from './http.js';
import { bestAddress } from './outward-address.js';

afterEach(() => void vi.unstubAllEnvs());

const listening = { host: '10.1.2.3', port: 8080 };

describe('the advertised place', () => {
  test.each([
    [{}, {}, '10.1.2.3', 8080],
    [{ host: 'shop.example.com' }, {}, 'shop.example.com', 8080],
    [{ port: 31_000 }, {}, '10.1.2.3', 31_000],
    [{}, { FWK_ADVERTISE_HOST: '203.0.113.9', FWK_ADVERTISE_PORT: '31000' }, '203.0.113.9', 31_000],
    [{ host: '203.0.113.1' }, { FWK_ADVERTISE_HOST: '203.0.113.9', FWK_ADVERTISE_PORT: '80' }, '203.0.113.1', 80],
    [{}, { FWK_ADVERTISE_HOST: '', FWK_ADVERTISE_PORT: '' }, '10.1.2.3', 8080],
    [{ host: 'fd00::9' }, {}, 'fd00::9', 8080],
    [{ host: '::ffff:10.0.0.1' }, {}, '::ffff:10.0.0.1', 8080],
    [{ host: '240.0.0.9' }, {}, '240.0.0.9', 8080],
    [{ host: 'node_1.shop-7.internal' }, {}, 'node_1.shop-7.internal', 8080],
  ])('is by the options %j and the variables %j', async (options, environment, host, port) => {
    const place = await advertisedPlace(checkAdvertise(options, environment), listening);
    expect(place).toMatchObject({ host, port });
  });

  test.each([
    [{ host: '0.0.0.0' }, {}, 'advertise.host must be'],
    [{ host: '::' }, {}, 'advertise.host must be'],
    [{ host: '[fd00::9]' }, {}, 'advertise.host must be'],
    [{ host: 'fe80::1%eth0' }, {}, 'advertise.host must be'],
    [{ host: '10.0.0.256' }, {}, 'advertise.host must be'],
    [{ host: 'a b' }, {}, 'advertise.host must be'],
    [{}, { FWK_ADVERTISE_HOST: '0x7f.1' }, 'FWK_ADVERTISE_HOST must be'],
    [{ port: 0 }, {}, 'advertise.port must be'],
    [{ hots: 'a' }, {}, 'advertise has an unknown option "hots", did you mean "host"?'],
    ['10.0.0.1', {}, 'advertise must be an object'],
    [{}, { FWK_ADVERTISE_HOST: '10.0.0.5:8080' }, 'FWK_ADVERTISE_HOST must be'],
    [{}, { FWK_ADVERTISE_PORT: '65536' }, 'FWK_ADVERTISE_PORT must be'],
    [{}, { FWK_ADVERTISE_PORT: '80a' }, 'FWK_ADVERTISE_PORT must be'],
  ])('refuses %j with the variables %j', (options, environment, problem) => {
    expect(() => checkAdvertise(options, environment)).toThrow(problem);
  });

  test.each([
    ...['0.0.0.5', '224.0.0.1', '255.255.255.255', 'ff02::1', '::ffff:0.0.0.0', '::ffff:e000:1', '2001:db8::1%eth0'],
    ...['0x0', '0x7f.1', '0xa9fea9fe', '127.1', 'a.7', '010.0.0.1', '-a', 'a-', 'a..b', ' 10.0.0.1', '10.0.0.1\n'],
  ])('is never at %j, which nobody can call or which is no name', (host) => {
    expect(() => checkAdvertise({ host }, {})).toThrow('advertise.host must be');
    expect(() => checkAdvertise({}, { FWK_ADVERTISE_HOST: host })).toThrow('FWK_ADVERTISE_HOST must be');
  });

  test.each(['0.0.0.0', '0', '::', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0'])(
    'is one that others can reach when the server listens on %s',
    async (host) => {
      const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
      const place = await advertisedPlace({}, { host, port: 8080 });
      expect(own).toContain(place?.host);
      expect(place?.host).not.toMatch(/^fe[89ab]|^0/i);
      expect(place?.port).toBe(8080);
    },
  );

  test('is that of the default route, where there is one', async () => {
    const probe = createSocket('udp4');
    const routed = await new Promise<string | undefined>((resolve) => {
      probe.once('error', () => resolve(undefined));
      probe.connect(9, '192.0.2.1', (error?: unknown) => resolve(error ? undefined : probe.address().address));
    });
    probe.close();
    const place = await advertisedPlace({}, { host: '0.0.0.0', port: 8080 });
    if (routed === undefined) expect(place?.chosenBy).not.toBe('default route');
    else expect(place).toEqual({ host: routed, port: 8080, chosenBy: 'default route' });
  });

  test.each(['fe80::1', 'fe80::1%eth0', 'FEBF::1'])('is none for the link-local address %s', async (host) => {
    expect(await advertisedPlace({}, { host, port: 8080 })).toBeUndefined();
  });
});

test('is one of an interface, or of the machine itself, in a network without any route', async () => {
  const connect = vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (
    this: Socket,
    ...given: unknown[]
  ) {
    (given.at(-1) as (error: Error) => void)(new Error('connect ENETUNREACH 192.0.2.1:9'));
  });
  const place = await advertisedPlace({}, { host: '0.0.0.0', port: 8080 });
  expect(connect).toHaveBeenCalled();
  connect.mockRestore();
  expect(place?.chosenBy).toMatch(/^(?:interface|loopback)$/);
  expect(place?.host).not.toBe('0.0.0.0');
});

describe('without a default route', () => {
  const isBridge = (name: string) => name.startsWith('docker');
  const at = (name: string, address: string, internal = false) => ({ interface: name, address, internal });
  const lo = [at('lo', '127.0.0.1', true), at('lo', '::1', true)];
  const docker = at('docker0', '172.17.0.1');

  test.each([
    ['an interface after a bridge', [...lo, docker, at('eth0', '10.0.0.5')], '10.0.0.5'],
    ['IPv4 before IPv6', [at('eth0', 'fd00::5'), at('eth0', '10.0.0.5')], '10.0.0.5'],
    ['IPv6 of an interface before IPv4 of a bridge', [docker, at('eth0', 'fd00::5')], 'fd00::5'],
    ['no link-local IPv6', [at('eth0', 'fe80::5'), at('eth1', 'fd00::5')], 'fd00::5'],
    ['an automatic IPv4 address last', [at('eth0', '169.254.1.1'), docker], '172.17.0.1'],
    ['a bridge rather than none', [...lo, docker], '172.17.0.1'],
  ])('takes %s', (_, addresses, host) => {
    expect(bestAddress(addresses, [4, 6], isBridge)).toBe(host);
  });

  test('takes no IPv6 address for a server of IPv4 alone, and none where there are only those of the machine itself', () => {
    expect(bestAddress([...lo, at('eth0', 'fd00::5')], [4], isBridge)).toBeUndefined();
    expect(bestAddress([...lo, at('eth0', 'fe80::5')], [4, 6], isBridge)).toBeUndefined();
  });
});

describe('an application', () => {
  function hearing(): Component & { readonly heard: readonly Announcement[] } {
    const heard: Announcement[] = [];
    return { name: 'hearing', heard, ready: ({ announcements }) => void heard.push(...announcements) };
  }

  test('announces what its options and the environment say', async () => {
    vi.stubEnv('FWK_ADVERTISE_HOST', 'shop.example.com');
    const discovery = hearing();
    await using _app = await testApp({ use: [http({ advertise: { port: 31_000 } }), discovery] });
    expect(discovery.heard).toEqual([
      { address: 'shop.example.com', port: 31_000, contracts: [], wires: ['http', 'mux'] },
    ]);
  });

  const versions = ['1.0.0', '2.0.0'].map((version) =>
    served(contract('shop', { version, operations: { look: get(`/v${version[0] as '1' | '2'}`, {}) } }), {
      look: () => {},
    }),
  );

  test.each<[string, Partial<HttpOptions>, readonly string[] | undefined]>([
    ['by itself', {}, ['http', 'mux']],
    ['unless it is switched off', { mux: false }, undefined],
    ['unless a proxy stands in front', { advertise: { scheme: 'https' } }, undefined],
    ['unless two versions of a contract share their names', { serve: versions }, undefined],
  ])('announces Mux %s', async (_when, options, wires) => {
    const discovery = hearing();
    await using _app = await testApp({ use: [http(options), discovery] });
    expect(discovery.heard.map((each) => each.wires)).toEqual([wires]);
  });

  test('refuses two servers that announce one place', async () => {
    vi.stubEnv('FWK_ADVERTISE_PORT', '31000');
    await expect(testApp({ use: [http(), { ...http(), name: 'other' }] })).rejects.toThrow(
      'announces 127.0.0.1 port 31000 already',
    );
  });
});
