import { OptionsError } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { type ReadingPlace, readingContract } from '../testing/reading-contract.js';
import { type StaticAddresses, staticRegistry } from './static-registry.js';

describe('a static registry', () => {
  const place = (): ReadingPlace => {
    let addresses: StaticAddresses = {};
    return {
      publish(given) {
        const urls = (list: readonly string[]) => list.map((address) => `http://${address}`);
        addresses = Object.fromEntries(Object.entries(given).map(([service, list]) => [service, urls(list)]));
      },
      open: () => staticRegistry(addresses),
    };
  };
  for (const { name, run } of readingContract({ place, follows: false, fails: false })) test(name, run);

  test('refuses what is no base URL', () => {
    const others = [
      'inventory:80',
      'http://inventory/a%2Fb',
      'http://inventory/a//b',
      'mux://inventory:80/path',
      'ftp://inventory',
      'http://me@inventory',
    ];
    for (const url of [...others, 'http://inventory:0', 'http://a!b', 7 as unknown as string]) {
      expect(() => staticRegistry({ inventory: [url] })).toThrow(OptionsError);
    }
  });

  test.each([null, 'http://inventory', { inventory: undefined }, { inventory: 'http://inventory' }])(
    'refuses %j, which is no lists by service',
    (addresses) => {
      expect(() => staticRegistry(addresses as unknown as StaticAddresses)).toThrow(OptionsError);
    },
  );

  test('refuses a name that no service can have', () => {
    expect(() => staticRegistry({ 'a b': ['http://inventory'] })).toThrow(/"a b".*service must be/);
  });
});
