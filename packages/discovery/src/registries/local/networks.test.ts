import { hostname, networkInterfaces } from 'node:os';
import { OptionsError } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { checkLocalOptions } from './local-options.js';
import { addressCheck } from './networks.js';

const believes = (address: string, networks: readonly string[] = [], host = '127.0.0.1') =>
  addressCheck(networks, host, fakeClock())(address) === undefined;

describe('an address of an instance is believed', () => {
  test.each([
    '127.0.0.1',
    '127.8.9.10',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    'localhost',
    'LOCALHOST.',
    hostname(),
  ])('without a word when it is this machine’s: %s', (address) => expect(believes(address)).toBe(true));

  test('when it is one of this machine’s interfaces', () => {
    const own = Object.values(networkInterfaces()).flatMap((faces) => faces ?? []);
    for (const { address } of own.filter((face) => !/^(fe80|169\.254)/.test(face.address))) {
      expect(believes(address), address).toBe(true);
    }
  });

  test.each([
    ['10.1.2.3', ['10.0.0.0/8']],
    ['::ffff:10.1.2.3', ['10.0.0.0/8']],
    ['::ffff:a01:203', ['10.0.0.0/8']],
    ['192.0.2.7', ['192.0.2.7']],
    ['fd12::5', ['fd00::/8']],
    ['inventory.shop.internal', ['inventory.shop.internal']],
    ['Inventory', ['inventory']],
    ['169.254.169.254', ['169.254.0.0/16']],
    ['169.254.169.254', ['169.254.169.254']],
    ['fe80::1%eth0', ['fe80::/10']],
  ])('when it is listed: %s in %j', (address, networks) => expect(believes(address, networks)).toBe(true));

  test('when it is in the network that the registry itself listens in, beyond loopback', () => {
    expect(believes('203.0.113.7', [], '203.0.113.7')).toBe(true);
    expect(believes('203.0.113.8', [], '203.0.113.7')).toBe(false);
  });
});

describe('an address of an instance is not believed', () => {
  test.each([
    '10.1.2.3',
    '192.168.0.1',
    '8.8.8.8',
    '2001:db8::1',
    'inventory',
    'metadata.google.internal',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    // What the system takes for numbers.
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '0x7f.1',
  ])('when it is nobody’s that is known here: %s', (address) => expect(believes(address)).toBe(false));

  test.each([
    '169.254.169.254',
    '169.254.170.2',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '169.254.43518',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::a9fe:a9fe',
    '::ffff:0:169.254.169.254',
    '2002:a9fe:a9fe::1',
    '::169.254.169.254',
    'fd00:ec2::254',
    'FD00:0EC2:0:0:0:0:0:254',
    'fd20:ce::254',
    'fe80::1',
    'fe80::a9fe:a9fe%eth0',
    '100.100.100.200',
    '168.63.129.16',
    '0.0.0.0',
    '::',
    '255.255.255.255',
    '224.0.0.1',
    'ff02::1',
  ])('when it is a metadata service’s or no place at all, however wide the listed networks are: %s', (address) => {
    expect(believes(address, ['0.0.0.0/0', '::/0'])).toBe(false);
    expect(believes(address, ['10.0.0.0/8'], '0.0.0.0')).toBe(false);
  });
});

describe('the listed networks', () => {
  test('come from the option, else from the environment', () => {
    const environment = { FWK_REGISTRY_NETWORKS: '10.0.0.0/8, fd00::/8,inventory' };
    expect(checkLocalOptions({}, environment).networks).toEqual(['10.0.0.0/8', 'fd00::/8', 'inventory']);
    expect(checkLocalOptions({ networks: [] }, environment).networks).toEqual([]);
  });

  test.each(['10.0.0.0/33', '10.0.0/8', 'fd00::/129', '2852039166', '0x7f000001', 'a b', '', '10.0.0.0/8/8', '/8'])(
    'are refused when they are none: %j',
    (network) => expect(() => checkLocalOptions({ networks: [network] }, {})).toThrow(OptionsError),
  );
});
