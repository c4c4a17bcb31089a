/** Each step of the handler, in a process that lives for one call: it ends by itself when nothing is open any more. */
import { expect, test } from 'vitest';
import { startPriceList } from './fixtures/price-list.js';
import { registryWith } from './fixtures/prices-registry.js';
import { runHandler } from './fixtures/run-program.js';

const asked = { sku: 'lamp' };
/** Longer than any test takes. */
const ample = 60_000;

test.each(['lambda/step-0', 'lambda/step-1-policy', 'lambda/step-2-discovery'])('%s answers and ends', async (step) => {
  const prices = await startPriceList();
  const environment = { PRICES_URL: prices.url, ...(await registryWith([prices])) };
  const { lines, code } = await runHandler(step, asked, ample, environment);
  expect(lines).toEqual(['{"price":3.2}']);
  expect(code).toBe(0);
});

test.each(['lambda/step-1-policy', 'lambda/step-2-discovery'])('%s tries again what fails', async (step) => {
  const prices = await startPriceList();
  prices.state = 'failing';
  const environment = { PRICES_URL: prices.url, ...(await registryWith([prices])) };
  const { lines, code } = await runHandler(step, asked, ample, environment);
  expect(lines).toEqual(['failed: the price list answered 500']);
  expect(prices.asked).toBe(3);
  expect(code).toBe(0);
});

test.each(['lambda/step-1-policy', 'lambda/step-2-discovery'])(
  '%s says in time that the platform leaves none',
  async (step) => {
    const prices = await startPriceList();
    prices.state = 'hanging';
    const environment = { PRICES_URL: prices.url, ...(await registryWith([prices])) };
    // Less than the 100 ms that are kept back: the call has no time at all.
    const { lines, code } = await runHandler(step, asked, 50, environment);
    expect(lines).toEqual([expect.stringContaining('DEADLINE_EXCEEDED')]);
    expect(prices.asked).toBe(0);
    expect(code).toBe(0);
  },
);
