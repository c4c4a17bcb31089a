// With Jest as it comes: CommonJS, no configuration.
const { afterEach, expect, test } = require('@jest/globals');
const { testApp } = require('@fwk/core/testing');
const { answers, failsWith, fakeService, hangs } = require('@fwk/http/testing');
const { fakeClock } = require('@fwk/kernel/testing');
const { watchPolicy } = require('@fwk/resilience/testing');
const { Checkout, checkoutApp, inventory } = require('./checkout.cjs');

const lamp = { body: { sku: 'lamp' } };
const clock = fakeClock();
const opened = [];

/** The application with a scripted inventory. */
async function startWith(script) {
  const stock = await fakeService(inventory, script);
  const app = await testApp({ ...checkoutApp(0), overrides: [stock.override()], env: { clock } });
  opened.push(
    () => app.stop(),
    () => stock.close(),
  );
  return { stock, checkout: app.get(Checkout), policy: watchPolicy(app, 'inventory') };
}

afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

test('asks again while the inventory is overloaded', async () => {
  const { stock, checkout, policy } = await startWith({ stock: [failsWith(503), answers({ left: 2 })] });
  const order = checkout.order(lamp);
  await clock.advance(5000);
  expect(await order).toEqual({ state: 'accepted' });
  stock.expectCalls('stock', 2);
  policy.expect({ calls: 1, retries: 1, acted: ['retry'], breakers: 'closed' });
});

test('gives up an inventory that answers nothing', async () => {
  const { checkout, policy } = await startWith({ stock: hangs() });
  const order = expect(checkout.order(lamp)).rejects.toMatchObject({ code: 'FWK_RESILIENCE_TIMEOUT' });
  await clock.advance(10_000);
  await order;
  policy.expect({ timeouts: 3, breakers: { open: 1 } });
});
