/** Each step of each client, as a process of its own: it prints what it printed before, and what the step adds works. */
import { describe, expect, test } from 'vitest';
import { startPriceList } from './fixtures/price-list.js';
import { startConnectPrices, startGrpcPrices } from './fixtures/price-servers.js';
import { registryWith } from './fixtures/prices-registry.js';
import { runProgram } from './fixtures/run-program.js';

describe.each(['axios', 'got'])('%s', (name) => {
  test.each([`${name}/step-0`, `${name}/step-1-policy`])('%s asks at an address', async (step) => {
    const prices = await startPriceList();
    const { lines, code } = await runProgram(step, ['lamp', 'bulb'], { PRICES_URL: prices.url });
    expect(lines).toEqual(['lamp: 3.2', 'bulb: 3.2']);
    expect(code).toBe(0);
  });

  test(`${name}/step-1-policy tries again, and leaves alone what is down`, async () => {
    const prices = await startPriceList();
    prices.state = 'failing';
    const { lines } = await runProgram(`${name}/step-1-policy`, ['lamp', 'bulb', 'cord'], { PRICES_URL: prices.url });
    expect(prices.asked, 'the breaker opens at the fifth failure').toBe(5);
    expect(lines[2]).toMatch(/breaker "prices" is open/);
  });

  test(`${name}/step-1-policy waits two seconds for each attempt`, async () => {
    const prices = await startPriceList();
    prices.state = 'hanging';
    const { lines } = await runProgram(`${name}/step-1-policy`, ['lamp'], { PRICES_URL: prices.url });
    expect(lines).toEqual([expect.stringContaining('2000 ms')]);
    expect(prices.asked).toBe(3);
  });

  test(`${name}/step-2-discovery finds the instances, goes round one that fails, and leaves nothing open`, async () => {
    const failing = await startPriceList();
    failing.state = 'failing';
    const working = await startPriceList();
    const environment = await registryWith([failing, working]);
    const { lines, code } = await runProgram(`${name}/step-2-discovery`, ['lamp', 'bulb', 'cord'], environment);
    expect(lines).toEqual(['lamp: 3.2', 'bulb: 3.2', 'cord: 3.2']);
    expect(working.asked).toBe(3);
    expect(code).toBe(0);
  });

  test(`${name}/step-2-discovery says who is missing`, async () => {
    const { lines, code } = await runProgram(`${name}/step-2-discovery`, ['lamp'], await registryWith([]));
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/lamp: \d/);
    expect(code).toBe(0);
  });
});

describe('grpc', () => {
  test('step-0 asks at an address', async () => {
    const { port } = await startGrpcPrices();
    const { lines } = await runProgram('grpc/step-0', ['lamp'], { PRICES_ADDRESS: `127.0.0.1:${port}` });
    expect(lines).toEqual(['lamp: 3.2']);
  });

  test('step-1-discovery finds the instances, and calls one no more that fails', async () => {
    const [failing, working] = [await startGrpcPrices(), await startGrpcPrices()];
    failing.failing = true;
    const skus = Array.from({ length: 40 }, (_, number) => `a${number}`);
    const { lines, code } = await runProgram('grpc/step-1-discovery', skus, await registryWith([failing, working]));
    expect(failing.asked, 'three failures in a row').toBeLessThanOrEqual(3);
    expect(lines.filter((line) => line.endsWith(': 3.2'))).toHaveLength(40 - failing.asked);
    expect(working.asked).toBe(40 - failing.asked);
    expect(code).toBe(0);
  });

  test('step-2-policy hides the failures of one instance', async () => {
    const [failing, working] = [await startGrpcPrices(), await startGrpcPrices()];
    failing.failing = true;
    const skus = ['lamp', 'bulb', 'cord', 'plug'];
    const { lines, code } = await runProgram('grpc/step-2-policy', skus, await registryWith([failing, working]));
    expect(lines).toEqual(skus.map((sku) => `${sku}: 3.2`));
    expect(code).toBe(0);
  });
});

describe('connect', () => {
  test.each(['connect/step-0', 'connect/step-1-policy'])('%s asks at an address', async (step) => {
    const { port } = await startConnectPrices();
    const { lines, code } = await runProgram(step, ['lamp'], { PRICES_URL: `http://127.0.0.1:${port}` });
    expect(lines).toEqual(['lamp: 3.2']);
    expect(code).toBe(0);
  });

  test('step-1-policy tries again, and leaves alone what is down', async () => {
    const prices = await startConnectPrices();
    prices.failing = true;
    const environment = { PRICES_URL: `http://127.0.0.1:${prices.port}` };
    const { lines } = await runProgram('connect/step-1-policy', ['lamp', 'bulb', 'cord'], environment);
    expect(prices.asked, 'the breaker opens at the fifth failure').toBe(5);
    expect(lines[2]).toMatch(/breaker "prices" is open/);
  });

  test('step-2-discovery finds the instances, and goes round one that fails', async () => {
    const [failing, working] = [await startConnectPrices(), await startConnectPrices()];
    failing.failing = true;
    const skus = ['lamp', 'bulb', 'cord'];
    const environment = await registryWith([failing, working]);
    const { lines, code } = await runProgram('connect/step-2-discovery', skus, environment);
    expect(lines).toEqual(skus.map((sku) => `${sku}: 3.2`));
    expect(working.asked).toBe(3);
    expect(code).toBe(0);
  });
});
