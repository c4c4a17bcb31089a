import { liveValue, systemClock } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import type { Instance } from '../instance.js';
import { findInstances } from './find-instances.js';

function instance(id: string, address: string, management?: string): Instance {
  const metadata: Record<string, string> = management === undefined ? {} : { management };
  return { id, service: 'shop', version: '1.0.0', address, port: 80, metadata, startedAtMs: 0, status: 'UP' };
}

function registryOf(lists: Readonly<Record<string, readonly Instance[] | undefined>>) {
  let open = 0;
  const watch = (service: string) => {
    open++;
    const list = lists[service];
    return {
      instances: liveValue<readonly Instance[]>(list ?? []),
      known: liveValue(list !== undefined),
      [Symbol.dispose]: () => void open--,
    };
  };
  return { registry: { watch }, open: () => open };
}

test.each([
  ['its own address', '10.0.0.4', 'http://10.0.0.4:9100', 'http://10.0.0.4:9100'],
  ['loopback, of an instance there', '127.0.0.1', 'http://127.0.0.1:9100', 'http://127.0.0.1:9100'],
  ['loopback in version 6', '::1', 'http://[::1]:9100', 'http://[::1]:9100'],
  ['loopback, of an instance elsewhere', '10.0.0.4', 'http://127.0.0.1:9100', undefined],
  ['another host', '10.0.0.4', 'http://169.254.169.254/latest', undefined],
  ['another protocol', '10.0.0.4', 'file://10.0.0.4/etc/passwd', undefined],
  ['no URL', '10.0.0.4', '10.0.0.4:x', undefined],
  ['nothing', '10.0.0.4', undefined, undefined],
])('management is asked where an instance says %s', async (_, address, management, expected) => {
  const { registry, open } = registryOf({ shop: [instance('a', address, management)] });
  const found = await findInstances(registry, ['shop'], systemClock);
  expect(found).toEqual([{ service: 'shop', instance: 'a', managementUrl: expected }]);
  expect(open()).toBe(0);
});

test('a service whose list does not come is waited for a second, and costs the others nothing', async () => {
  const clock = fakeClock();
  const { registry, open } = registryOf({ shop: [instance('a', '10.0.0.4')], late: undefined });
  const finding = findInstances(registry, ['late', 'shop'], clock);
  await clock.advance(1000);
  expect((await finding).map(({ instance: id }) => id)).toEqual(['a']);
  expect(open()).toBe(0);
});
