import { testApp } from '@fwk/core/testing';
import { discovery, memoryRegistry } from '@fwk/discovery';
import {
  answers,
  delays,
  expectCompatible,
  failsWith,
  fakeService,
  hangs,
  readContract,
  refusesConnection,
} from '@fwk/http/testing';
import { fakeClock } from '@fwk/kernel/testing';
import { watchPolicy } from '@fwk/resilience/testing';
import { expect, test } from 'vitest';
import { Checkout, checkoutApp, inventory } from './checkout.js';

const lamp = { body: { sku: 'lamp' } };

// #region first
test('accepts what is left', async () => {
  await using stock = await fakeService(inventory, { stock: answers({ left: 2 }) });
  await using app = await testApp({ ...checkoutApp(0), overrides: [stock.override()] });
  expect(await app.get(Checkout).order(lamp)).toEqual({ state: 'accepted' });
  expect(stock.callsOf('stock')[0]?.params).toEqual({ sku: 'lamp' });
});
// #endregion

// #region retries
test('asks again while the inventory cannot be reached or is overloaded', async () => {
  const clock = fakeClock();
  await using stock = await fakeService(inventory, {
    stock: [refusesConnection(), failsWith(503), delays(20, answers({ left: 0 }))],
  });
  await using app = await testApp({ ...checkoutApp(0), overrides: [stock.override()], env: { clock } });
  const policy = watchPolicy(app, 'inventory');

  const order = app.get(Checkout).order(lamp);
  await clock.advance(5000); // the pauses between attempts, without waiting for them

  expect(await order).toEqual({ state: 'sold out' });
  stock.expectCalls('stock', 3);
  policy.expect({ calls: 1, successes: 1, retries: 2, acted: ['retry'], breakers: 'closed' });
});
// #endregion

// #region breaker
test('gives up an inventory that answers nothing, and leaves it in peace', async () => {
  const clock = fakeClock();
  await using stock = await fakeService(inventory, { stock: hangs() });
  await using app = await testApp({ ...checkoutApp(0), overrides: [stock.override()], env: { clock } });
  const policy = watchPolicy(app, 'inventory');

  const order = expect(app.get(Checkout).order(lamp)).rejects.toMatchObject({ code: 'FWK_RESILIENCE_TIMEOUT' });
  await clock.advance(10_000);
  await order;
  stock.expectCalls('stock', 3);
  policy.expect({ failures: 1, timeouts: 3, acted: ['retry', 'attempt-timeout'], breakers: { open: 1 } });
});
// #endregion

// #region port
test('finds the inventory by the registry, and answers over HTTP', async () => {
  const registry = memoryRegistry();
  await using stock = await fakeService(inventory, { stock: answers({ left: 2 }) });
  await stock.listen({ registry });
  await using _ = await testApp({ ...checkoutApp(0), replace: [discovery({ registry })] });

  const [instance] = registry.watch('checkout').instances.value;
  const answer = await fetch(`http://127.0.0.1:${instance?.port}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(lamp.body),
  });
  expect(await answer.json()).toEqual({ state: 'accepted' });
});
// #endregion

// #region contract
test('the contract still serves clients of its last release', async () => {
  expectCompatible(await readContract(new URL('../contracts/inventory-1.0.0.json', import.meta.url)), inventory);
});
// #endregion
