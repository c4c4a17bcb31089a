/** The sources of a service that calls another one. */

/** `src/contract.ts` */
export const storefrontContract = `import { contract, get } from '@fwk/http';
import { z } from 'zod';

export const storefrontContract = contract('storefront', {
  version: '0.1.0',
  operations: {
    page: get('/pages/:id', { params: z.object({ id: z.string() }), response: z.object({ title: z.string() }) }),
  },
});
`;

/** `src/service.ts` @param catalog - module of the contract that is called */
export function storefrontService(catalog: string): string {
  return `import { inject } from '@fwk/core';
import { type Call, clientOf, type Handlers, Serves } from '@fwk/http';
import { catalogContract } from '${catalog}';
import { storefrontContract } from './contract.js';

@Serves(storefrontContract)
export class StorefrontService implements Handlers<typeof storefrontContract> {
  private readonly catalog = inject(clientOf(catalogContract)); // typed, found, balanced, tried again

  async page({ params }: Pick<Call<typeof storefrontContract, 'page'>, 'params'>) {
    const { name } = await this.catalog.item({ params });
    return { title: \`Buy a \${name}\` };
  }
}
`;
}

/** `src/app.ts` */
export function storefrontApp(owner: string): string {
  return `import type { AppOptions } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { http } from '@fwk/http';
import { resilience } from '@fwk/resilience';
import { StorefrontService } from './service.js';

/** The application: main.ts starts it, and tests start it with parts of their own. */
export function storefrontApp({ host = '127.0.0.1', port = 3001 } = {}): AppOptions {
  const policies = { catalog: { timeoutMs: 500, retry: { maxAttempts: 3 }, breaker: { consecutiveFailures: 5 } } };
  return {
    name: 'storefront',
    version: '0.1.0',
    owner: '${owner}',
    use: [resilience({ policies }), discovery(), http({ serve: [StorefrontService], host, port })],
  };
}
`;
}

/** `src/service.test.ts` @param catalog - module of the contract that is called */
export function storefrontTest(catalog: string): string {
  return `import { testApp } from '@fwk/core/testing';
import { discovery, memoryRegistry } from '@fwk/discovery';
import { answers, failsWith, fakeService, refusesConnection } from '@fwk/http/testing';
import { fakeClock } from '@fwk/kernel/testing';
import { watchPolicy } from '@fwk/resilience/testing';
import { catalogContract } from '${catalog}';
import { expect, test } from 'vitest';
import { storefrontApp } from './app.js';
import { StorefrontService } from './service.js';

test('asks the catalog again while it cannot be reached or is overloaded', async () => {
  const clock = fakeClock();
  await using catalog = await fakeService(catalogContract, {
    item: [refusesConnection(), failsWith(503), answers({ id: '7', name: 'lamp' })],
  });
  await using app = await testApp({
    ...storefrontApp({ port: 0 }),
    replace: [discovery({ registry: memoryRegistry() })],
    overrides: [catalog.override()],
    env: { clock },
  });
  const policy = watchPolicy(app, 'catalog');

  const page = app.get(StorefrontService).page({ params: { id: '7' } });
  await clock.advance(5000); // the pauses between attempts, without waiting for them
  expect(await page).toEqual({ title: 'Buy a lamp' });
  catalog.expectCalls('item', 3);
  policy.expect({ calls: 1, retries: 2, acted: ['retry'], breakers: 'closed' });
});
`;
}
