import { expect, test } from 'vitest';
import { InstanceEndpoint } from '../membership/endpoint.js';
import { instancesOf } from './announced-instances.js';

const app = { name: 'inventory', version: '1.0.0', owner: 'team-stock', instanceId: 'inventory-1' };
const place = { address: '10.0.0.4', port: 8443, contracts: ['inventory@1.0.0'] };

test.each([
  ['what its server speaks', { scheme: 'https' }, { rack: '7' }, 'https://10.0.0.4:8443'],
  [
    'what its server speaks before what its metadata says',
    { scheme: 'https' },
    { scheme: 'http' },
    'https://10.0.0.4:8443',
  ],
  ['what its metadata says where the server says nothing', {}, { scheme: 'https' }, 'https://10.0.0.4:8443'],
  ['plain HTTP otherwise', {}, undefined, 'http://10.0.0.4:8443'],
] as const)('an instance is called by %s', (_what, said, metadata, url) => {
  const [instance] = instancesOf(app, [{ ...place, ...said }], { metadata } as Parameters<typeof instancesOf>[2], 0);
  expect(instance && new InstanceEndpoint(instance).url).toBe(url);
  expect(instance?.metadata?.rack).toBe(metadata && 'rack' in metadata ? metadata.rack : undefined);
});

test.each([
  ['what its server serves', ['http', 'mux'], { wires: 'http' }, ['http', 'mux']],
  ['what its metadata says where the server says nothing', undefined, { wires: 'http,mux' }, ['http', 'mux']],
  ['HTTP otherwise', undefined, undefined, ['http']],
])('the wires of an instance are %s', (_what, wires, metadata, expected) => {
  const [instance] = instancesOf(app, [{ ...place, wires }], { metadata } as Parameters<typeof instancesOf>[2], 0);
  expect(instance && new InstanceEndpoint(instance).wires).toEqual(expected);
});
