/** The sources of a service that keeps items. */
import type { Names } from '../project/names.js';

/** Where a service finds its contract. */
interface Place {
  readonly names: Names;
  /** Module of the contract. */
  readonly contract: string;
  readonly owner: string;
}

/** `src/item-store.ts` */
export function storeModule(contract: string): string {
  return `import { randomUUID } from 'node:crypto';
import { HealthCheck, Injectable } from '@fwk/core';
import type { Item } from '${contract}';

/** Keeps items: in memory, until you put your database here. */
@Injectable()
export class ItemStore {
  private readonly items = new Map<string, Item>();

  async find(id: string): Promise<Item | undefined> {
    return this.items.get(id);
  }

  async add(name: string): Promise<Item> {
    const item = { id: randomUUID(), name };
    this.items.set(item.id, item);
    return item;
  }

  /** While it fails, the service is not ready: GET /readyz answers 503, and nobody is sent here. */
  @HealthCheck('item-store', { group: 'readiness' })
  async isReachable(): Promise<boolean> {
    return true;
  }
}
`;
}

/** `src/service.ts` */
export function serviceModule({ names: { camel, pascal }, contract }: Place): string {
  return `import { inject } from '@fwk/core';
import { type Call, type Handlers, problem, Serves } from '@fwk/http';
import { Policy } from '@fwk/resilience';
import { ${camel}Contract } from '${contract}';
import { ItemStore } from './item-store.js';

@Serves(${camel}Contract)
export class ${pascal}Service implements Handlers<typeof ${camel}Contract> {
  private readonly store = inject(ItemStore);

  @Policy('item-store') // its options stand in app.ts
  async item({ params }: Pick<Call<typeof ${camel}Contract, 'item'>, 'params'>) {
    const item = await this.store.find(params.id);
    if (!item) throw problem(404, 'No such item', \`there is no item "\${params.id}"\`);
    return item;
  }

  async add({ body }: Pick<Call<typeof ${camel}Contract, 'add'>, 'body'>) {
    return this.store.add(body.name);
  }
}
`;
}

/** `src/app.ts` */
export function appModule({ names: { name, camel, pascal }, owner }: Place): string {
  return `import type { AppOptions } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { http } from '@fwk/http';
import { resilience } from '@fwk/resilience';
import { ${pascal}Service } from './service.js';

/** The application: main.ts starts it, and tests start it with parts of their own. */
export function ${camel}App({ host = '127.0.0.1', port = 3000 } = {}): AppOptions {
  const policies = { 'item-store': { timeoutMs: 500, retry: { maxAttempts: 3 }, breaker: {} } };
  return {
    name: '${name}',
    version: '0.1.0',
    owner: '${owner}',
    use: [resilience({ policies }), discovery(), http({ serve: [${pascal}Service], host, port })],
  };
}
`;
}

/** `src/main.ts` */
export function mainModule({ camel }: Names, usualPort = 3000): string {
  return `import { createApp } from '@fwk/core';
import { ${camel}App } from './app.js';

const { HOST: host, PORT: port = '${usualPort}' } = process.env;
await createApp(${camel}App({ host, port: Number(port) })).start(); // SIGTERM drains and stops it
`;
}

/** `src/service.test.ts` */
export function serviceTest({ names: { camel, pascal }, contract }: Place): string {
  return `import { testApp, type TestAppOptions } from '@fwk/core/testing';
import { discovery, memoryRegistry } from '@fwk/discovery';
import { clientOf } from '@fwk/http';
import { fakeClock } from '@fwk/kernel/testing';
import { watchPolicy } from '@fwk/resilience/testing';
import { expect, test } from 'vitest';
import { ${camel}App } from './app.js';
import { ${camel}Contract } from '${contract}';
import { ItemStore } from './item-store.js';
import { ${pascal}Service } from './service.js';

/** The application on any free port, with a registry of its own. */
const start = (options: TestAppOptions = {}) =>
  testApp({ ...${camel}App({ port: 0 }), replace: [discovery({ registry: memoryRegistry() })], ...options });

test('answers what was added, and 404 for what was not', async () => {
  await using app = await start();
  const client = app.get(clientOf(${camel}Contract));
  const { id } = await client.add({ body: { name: 'lamp' } });
  expect(await client.item({ params: { id } })).toEqual({ id, name: 'lamp' });
  await expect(client.item({ params: { id: 'none' } })).rejects.toMatchObject({ status: 404 });
});

test('asks the store again when it fails', async () => {
  const clock = fakeClock();
  const store = new ItemStore();
  let failures = 2;
  store.find = async (id) => {
    if (failures-- > 0) throw new Error('the store is away');
    return { id, name: 'lamp' };
  };
  await using app = await start({ env: { clock }, overrides: [[ItemStore, { useValue: store }]] });
  const policy = watchPolicy(app, 'item-store');

  const item = app.get(${pascal}Service).item({ params: { id: '7' } });
  await clock.advance(5000); // the pauses between attempts, without waiting for them
  expect(await item).toEqual({ id: '7', name: 'lamp' });
  policy.expect({ calls: 1, retries: 2, acted: ['retry'], breakers: 'closed' });
});
`;
}
