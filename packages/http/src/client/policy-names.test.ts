/** Names of policies, judged when a whole application starts. */
import { type AppOptions, createApp, Injectable } from '@fwk/core';
import { discovery, memoryRegistry } from '@fwk/discovery';
import { Policy, resilience } from '@fwk/resilience';
import { expect, test } from 'vitest';
import { http } from '../server/http.js';

@Injectable()
class Till {
  @Policy('paymets')
  async pay(): Promise<string> {
    return 'paid';
  }
}

function till(use: (found: ReturnType<typeof memoryRegistry>) => AppOptions['use']) {
  const registry = memoryRegistry();
  let arrivals = 0;
  const register = registry.register.bind(registry);
  registry.register = (...given) => {
    arrivals++;
    return register(...given);
  };
  const app = createApp({
    name: 'till',
    version: '1.0.0',
    owner: 'team-till',
    use: use(registry),
    providers: [Till],
    logging: { level: 'silent' },
    management: { port: 0 },
    signals: false,
  });
  return { app, arrivals: () => arrivals };
}

const policies = { payments: { timeoutMs: 300 } };

test.each<[string, (registry: ReturnType<typeof memoryRegistry>) => AppOptions['use']]>([
  ['last', (registry) => [discovery({ registry }), http({ port: 0 }), resilience({ policies })]],
  ['first', (registry) => [resilience({ policies }), discovery({ registry }), http({ port: 0 })]],
])('a misspelt policy fails the start before the instance is announced: resilience stands %s', async (_, use) => {
  const { app, arrivals } = till(use);
  await expect(app.start()).rejects.toThrow(/"paymets" \(@Policy on Till.pay\); did you mean "payments"\?/);
  expect(app.state).toBe('failed');
  expect(arrivals()).toBe(0);
});
