import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeEnv } from '@fwk/kernel';
import { ConsulClient } from '@fwk/kernel/consul';
import { expect, onTestFinished, test } from 'vitest';
import { CatalogLook } from './catalog-look.js';
import { checkConsulOptions } from './check-consul-options.js';
import { registryErrors } from './registry-errors.js';

/** What the servers say of the node, and whether they have a leader. */
interface Said {
  readonly node: object | null;
  readonly led?: boolean;
}

const inventory = { Services: { 'inventory-1': {} } };

test.each<[string, readonly Said[], readonly string[]]>([
  ['an instance that the servers have no longer', [{ node: inventory }, { node: { Services: {} } }], ['inventory-1']],
  ['all instances of a node that the servers have no longer', [{ node: inventory }, { node: null }], ['inventory-1']],
  ['nothing while the token may not read the node', [{ node: null }, { node: null }], []],
  ['nothing without a leader', [{ node: inventory }, { node: null, led: false }], []],
  ['once only that a node is gone', [{ node: inventory }, { node: null }, { node: null }], ['inventory-1']],
])('finds %s', async (_what, all, expected) => {
  const said = [...all];
  const server = createServer((_request, response) => {
    const { node, led = true } = said.shift() as Said;
    response.setHeader('X-Consul-KnownLeader', String(led));
    response.end(JSON.stringify(node));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const env = makeEnv();
  const options = checkConsulOptions({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, {});
  const client = new ConsulClient(options, { read: async () => undefined }, env, registryErrors);
  onTestFinished(() => client.close());
  const found: string[] = [];
  const look = new CatalogLook(client, env, (ids) => void found.push(...ids));
  look.node = 'node-1';
  while (said.length > 0) await look.look(['inventory-1']);
  expect(found).toEqual(expected);
});
