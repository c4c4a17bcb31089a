import { describe, expect, test } from 'vitest';
import { InstanceEndpoint } from './membership/endpoint.js';
import { staticEndpoints } from './membership/static-endpoints.js';
import { mountsMetadata, mountsSaid, readMounts } from './mounts.js';
import { anInstance } from './testing/instances.js';

const orders = (version: string) => ({ name: 'orders', version });

describe('where contracts are', () => {
  test('survives being written and read, however many there are', () => {
    const paths = new Map(Array.from({ length: 40 }, (_, at) => [`contract-${at}@1.0.0`, `/below/the/path-${at}`]));
    const metadata = mountsMetadata(paths);
    expect(Object.keys(metadata)).toEqual(['mounts', 'mounts-2', 'mounts-3', 'mounts-4']);
    expect(Math.max(...Object.values(metadata).map(({ length }) => length))).toBeLessThanOrEqual(500);
    const mounts = readMounts(mountsSaid(metadata));
    for (const [contract, path] of paths) {
      expect(mounts?.pathOf({ name: contract.split('@')[0] as string, version: '1.0.0' })).toBe(path);
    }
  });

  test.each([
    ['1.0.0', '/v1', 'the same'],
    ['1.2.0', '/v1-5', 'the first of the same major number that is not older'],
    ['2.0.0', '/v2', 'the first of the same major number, whatever comes before'],
    ['1.9.0', '/v2', 'the newest, where all of its major number are older'],
    ['3.0.0', '/v2', 'the newest, where there is none of its major number'],
  ])('a client of version %s goes to %s: %s', (version, path) => {
    const mounts = readMounts('orders@2.1.0 /v2, orders@1.0.0 /v1, orders@1.5.0 /v1-5');
    expect(mounts?.pathOf(orders(version))).toBe(path);
  });

  test('is the root for contracts that are not named, unless there is a path for all', () => {
    expect(readMounts('stock@1.0.0 /stock')?.pathOf(orders('1.0.0'))).toBe('');
    expect(readMounts('stock@1.0.0 /stock, * /all')?.pathOf(orders('1.0.0'))).toBe('/all');
    expect(readMounts('orders@1.0.0 /, * /all')?.pathOf(orders('1.0.0'))).toBe('');
  });

  test.each([
    ...['orders@1.0.0 api', 'orders@1.0.0 /api/', 'orders@1.0.0 /a//b', 'orders@1.0.0 /..', 'orders@1.0.0 /a/./b'],
    ...['orders@1.0.0 /a b', 'orders@1.0.0 /a\r\nx: y', 'orders@1.0.0 /a?b', 'orders@1.0.0 //evil.example/a', ', ,'],
  ])('is the root where an instance says %j', (said) => {
    expect(readMounts(said)?.pathOf(orders('1.0.0')) ?? '').toBe('');
  });
});

test('an instance whose contracts have moved is another endpoint', () => {
  const at = (mounts: string | undefined) => anInstance(mounts === undefined ? {} : { metadata: { mounts } });
  const endpoint = new InstanceEndpoint(at('orders@1.0.0 /api'));
  expect(endpoint.mounts?.pathOf(orders('1.0.0'))).toBe('/api');
  expect(endpoint.continues(at('orders@1.0.0 /api'))).toBe(true);
  expect(endpoint.continues(at('orders@1.0.0 /v1'))).toBe(false);
  expect(endpoint.continues(at(undefined))).toBe(false);
});

describe('a base URL with a path', () => {
  test.each([
    ['http://127.0.0.1:4001/api', '/api'],
    ['http://127.0.0.1:4001/v2/~orders/', '/v2/~orders'],
    ['https://gateway.example:8443/orders', '/orders'],
    ['http://127.0.0.1:4001/a/../b', '/b'],
  ])('%s: all contracts are below %s', (url, path) => {
    const [endpoint] = staticEndpoints('orders', [url]).value;
    expect(endpoint?.mounts?.pathOf(orders('1.0.0'))).toBe(path);
    expect(endpoint?.url).toBe(new URL(url).origin);
  });

  test('is another endpoint than the same place with another path', () => {
    const urls = ['http://gateway/a', 'http://gateway/a/b', 'http://gateway/~a', 'http://gateway'];
    const ids = staticEndpoints('orders', urls).value.map(({ id }) => id);
    expect(new Set(ids).size).toBe(urls.length);
    expect(ids[1]).toBe('orders@gateway:80:a:b');
  });

  test.each(['http://127.0.0.1:4001/a//b', 'http://127.0.0.1:4001/a%2Fb', 'http://127.0.0.1:4001/ä'])(
    '%s is refused',
    (url) => {
      expect(() => staticEndpoints('orders', [url])).toThrow(
        expect.objectContaining({
          code: 'FWK_KERNEL_OPTIONS_INVALID',
          message: expect.stringMatching(/the path of .* must be made of segments of letters/),
        }),
      );
    },
  );
});
