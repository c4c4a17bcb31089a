import { BlockList, isIP } from 'node:net';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../testing/seeded-random.js';
import { parseNetwork } from './network.js';

describe('a network', () => {
  test.each([
    ['10.0.0.0/8', { address: '10.0.0.0', bits: 8, family: 'ipv4' }],
    ['0.0.0.0/0', { address: '0.0.0.0', bits: 0, family: 'ipv4' }],
    ['192.168.1.7', { address: '192.168.1.7', bits: 32, family: 'ipv4' }],
    ['fd00::/8', { address: 'fd00::', bits: 8, family: 'ipv6' }],
    ['::', { address: '::', bits: 128, family: 'ipv6' }],
    ['::ffff:10.0.0.0/104', { address: '::ffff:10.0.0.0', bits: 104, family: 'ipv6' }],
  ] as const)('is read from %s', (text, network) => {
    expect(parseNetwork(text)).toEqual(network);
  });

  test.each([
    ...['', '/8', '10', '10.0.0', '10.0.0.0.', '10.0.0.0.0', '10.0.0.256', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1'],
    ...[
      '01.0.0.0/8',
      '10.00.0.0/8',
      '10.0.0.010',
      '0x0a.0.0.0',
      '10.0.0.0/8/8',
      ' 10.0.0.0',
      '10.0.0.0\n',
      'localhost',
    ],
    ...['fd00::/129', ':', ':::', '1::2::3', 'fe80::1%eth0', '[::1]', '::10.0.0.010', '12345::', '1:2:3:4:5:6:7'],
  ])('is not read from %j', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  test('is read from the addresses that the system takes, and from no others', () => {
    const random = seededRandom(11);
    const piece = () => ['0', '00', '1', '9', '10', '25', '255', '256', 'f', 'ffff', '.', '.', ':', ':', '::'];
    const part = () => piece()[Math.floor(random() * 15)] as string;
    const four = () =>
      Array.from({ length: 4 }, () => ['0', '7', '07', '99', '255', '256', ''][Math.floor(random() * 7)]);
    for (let round = 0; round < 20_000; round++) {
      const text = round % 2 ? four().join('.') : Array.from({ length: 1 + Math.floor(random() * 12) }, part).join('');
      const network = parseNetwork(text);
      expect(network?.family, text).toBe({ 4: 'ipv4', 6: 'ipv6' }[isIP(text)]);
      if (network) new BlockList().addSubnet(network.address, network.bits, network.family);
    }
  });
});
