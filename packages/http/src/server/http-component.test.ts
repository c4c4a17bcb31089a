/** One `http()` in several applications of `createApp`, each with a server, probes and a place of its own. */
import { createServer as plainServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Component } from '@fwk/kernel';
import { componentContract } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { quietApp } from '../fixtures/quiet-app.js';
import { shop } from '../fixtures/shop-contract.js';
import { served } from '../serving/served.js';
import { http } from './http.js';

const handlers = {
  item: ({ params }: { params: { id: string } }) => ({ id: params.id, size: 7 }),
  order: () => ({ order: 'one' }),
  tick: () => 1,
  forget: () => {},
};

/** An application that lists the component, with where it is reached. */
function hostOf(component: Component) {
  const { app, heard } = quietApp('shop', [component]);
  const ask = async (url: string) => (await fetch(url)).json();
  return {
    start: () => app.start(),
    stop: () => app.stop(),
    get: app.get,
    heard,
    url: () => `http://${heard[0]?.address}:${heard[0]?.port}`,
    health: async () => {
      const { components } = (await ask(`${app.managementUrl}/manage/health`)) as {
        components: Record<string, { status: string }>;
      };
      return Object.entries(components).map(([name, { status }]) => `${name} ${status}`);
    },
  };
}

describe('one object in two applications', () => {
  const component = http({ serve: [served(shop, handlers as never)] });
  const hosts = new Map<unknown, ReturnType<typeof hostOf>>();
  const cases = componentContract({
    component,
    host: (one) => {
      const host = hostOf(one);
      hosts.set(host, host);
      return host;
    },
    use: async (host) => (await fetch(`${hosts.get(host)?.url()}/items/a`)).json(),
  });
  for (const { name, run } of cases) test(name, run);
});

test('after a start that failed because the port was taken, the same object starts once it is free', async () => {
  const other = plainServer();
  await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const component = http({ serve: [served(shop, handlers as never)], host: '127.0.0.1', port });
  await expect(hostOf(component).start()).rejects.toMatchObject({ code: 'FWK_CORE_STEP_FAILED' });
  await new Promise((resolve) => other.close(resolve));
  const host = hostOf(component);
  await host.start();
  expect(host.heard).toMatchObject([{ port }]);
  await host.stop();
});
