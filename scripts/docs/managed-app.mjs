/**
 * An application with all parts, for the examples of docs/management.md: it serves `pricing`, and calls it itself. It says on
 * its first line where management listens, and ends with its standard input.
 */
import { config } from '@fwk/config';
import { createApp } from '@fwk/core';
import { discovery, memoryRegistry } from '@fwk/discovery';
import { clientOf, contract, get, http, served } from '@fwk/http';
import { policyRegistryToken, resilience } from '@fwk/resilience';

const pricing = contract('pricing', { version: '1.0.0', operations: { price: get('/price') } });
const prices = clientOf(pricing);

const app = createApp({
  name: 'pricing',
  version: '1.4.0',
  owner: 'team-prices',
  commit: '3f2a9c1b7d4e5f60718293a4b5c6d7e8f9a0b1c2',
  logging: { level: 'silent' },
  tracing: { sampling: { ratio: 1 } },
  use: [
    config({
      defaults: {
        checkout: { maxItems: 20 },
        flags: { 'express-checkout': { default: 'off', rules: [{ name: 'a tenth', rollout: { on: 10 } }] } },
      },
    }),
    resilience({ policies: { payments: { breaker: {}, bulkhead: {}, timeoutMs: 400 } } }),
    discovery({ registry: memoryRegistry() }),
    http({ serve: [served(pricing, { price: () => ({ cents: 1999 }) })] }),
  ],
});
await app.start();
await app
  .get(policyRegistryToken)
  .named('payments')
  .wrap(async () => 'paid')();
await app.get(prices).price();
const { managementUrl, managementTokenFile } = app;
process.stdout.write(`${JSON.stringify({ managementUrl, managementTokenFile })}\n`);
process.stdin.resume().on('end', () => app.stop());
