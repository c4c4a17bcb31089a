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
    for (const url of ['inventory:80', 'http://inventory/path', 'ftp://inventory', 'http://me@inventory']) {
      expect(() => staticRegistry({ inventory: [url] })).toThrow(OptionsError);
    }
  });
});
