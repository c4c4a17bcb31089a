// With the test runner of Node: `node --test plain/checkout.node.js`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApp } from '@fwk/core/testing';
import { answers, failsWith, fakeService, hangs } from '@fwk/http/testing';
import { fakeClock } from '@fwk/kernel/testing';
import { watchPolicy } from '@fwk/resilience/testing';
import { Checkout, checkoutApp, inventory } from './checkout.cjs';

const lamp = { body: { sku: 'lamp' } };

/** The application with a scripted inventory, until the end of the test. */
async function startWith(t, script) {
  const clock = fakeClock();
  const stock = await fakeService(inventory, script);
  const app = await testApp({ ...checkoutApp(0), overrides: [stock.override()], env: { clock } });
  t.after(async () => {
    await app.stop();
    await stock.close();
  });
  return { clock, stock, checkout: app.get(Checkout), policy: watchPolicy(app, 'inventory') };
}

test('asks again while the inventory is overloaded', async (t) => {
  const { clock, stock, checkout, policy } = await startWith(t, { stock: [failsWith(503), answers({ left: 2 })] });
  const order = checkout.order(lamp);
  await clock.advance(5000);
  assert.deepEqual(await order, { state: 'accepted' });
  stock.expectCalls('stock', 2);
  policy.expect({ calls: 1, retries: 1, acted: ['retry'], breakers: 'closed' });
});

test('gives up an inventory that answers nothing', async (t) => {
  const { clock, checkout, policy } = await startWith(t, { stock: hangs() });
  const order = assert.rejects(checkout.order(lamp), { code: 'FWK_RESILIENCE_TIMEOUT' });
  await clock.advance(10_000);
  await order;
  policy.expect({ timeouts: 3, breakers: { open: 1 } });
});
