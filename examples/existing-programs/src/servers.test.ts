/** Each step of each server, as a process of its own: what was there before still answers, and what the step adds works. */
import { readdirSync } from 'node:fs';
import { localRegistry, memberships } from '@fwk/discovery';
import { createClient } from '@fwk/http';
import { defaultEnv } from '@fwk/kernel';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../packages/http/src/fixtures/free-port.js';
import { type PriceList, startPriceList } from './fixtures/price-list.js';
import { type RunningProgram, startProgram } from './fixtures/program-process.js';
import { orderContract } from './order-contract.js';

const programs = ['express', 'fastify', 'nestjs', 'node-http'];

/** The steps of a program from one on, as their names are below `dist/`. */
function stepsOf(program: string, first = 0, last = Number.POSITIVE_INFINITY): readonly string[] {
  const files = readdirSync(new URL(program, import.meta.url)).filter((file) => /^step-\d.*\.ts$/.test(file));
  const number = (file: string) => Number(/\d+/.exec(file)?.[0]);
  return files
    .filter((file) => number(file) >= first && number(file) <= last)
    .sort()
    .map((file) => `${program}/${file.replace(/\.ts$/, '')}`);
}

/** A registry of the test's own, with the price list in it, and a step beside it. */
async function startWith(step: string) {
  const prices = await startPriceList();
  const port = await freePort();
  const registry = localRegistry({ port });
  onTestFinished(() => registry.close());
  await registry.register(instanceOf(prices));
  const known = memberships(registry, defaultEnv);
  onTestFinished(() => known[Symbol.dispose]());
  const program = await startProgram(step, { PRICES_URL: prices.url, FWK_REGISTRY_PORT: String(port) });
  return { prices, known, program, ...callsOf(program) };
}

const instanceOf = ({ port }: PriceList) => ({
  id: `prices-${port}`,
  service: 'prices',
  version: '1.0.0',
  address: '127.0.0.1',
  port,
  startedAtMs: 0,
  status: 'UP' as const,
});

function callsOf({ url, managementUrl }: RunningProgram) {
  return {
    order: (sku: string, headers: Readonly<Record<string, string>> = {}) =>
      fetch(`${url}/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ sku }),
      }),
    ask: (path: string) => fetch(`${url}${path}`),
    manage: async (path: string) => (await fetch(`${managementUrl}/manage/${path}`)).text(),
  };
}

type Running = Awaited<ReturnType<typeof startWith>>;

async function answersAsBefore({ order, ask }: Running) {
  const placed = await order('lamp');
  expect([placed.status, await placed.json()]).toEqual([201, { id: '1', sku: 'lamp', price: 3.2 }]);
  expect(await (await ask('/orders/1')).json()).toEqual({ id: '1', sku: 'lamp', price: 3.2 });
  expect((await ask('/orders/2')).status).toBe(404);
}

async function isGuarded({ prices, order, ask }: Running) {
  const key = { 'idempotency-key': '"order-7"' };
  const first = await (await order('lamp', key)).json();
  const { asked } = prices;
  expect(await (await order('lamp', key)).json(), 'a key is for one order').toEqual(first);
  expect(prices.asked).toBe(asked);
  prices.state = 'hanging';
  const late = await order('lamp', { 'fwk-deadline-ms': '300' });
  expect(late.headers.get('content-type')).toBe('application/problem+json');
  expect(await late.json()).toMatchObject({ status: 504, code: 'FWK_KERNEL_DEADLINE_EXCEEDED' });
  prices.answerAll();
  expect((await ask('/readyz')).status).toBe(200);
}

async function isWatched({ manage }: Running) {
  expect(JSON.parse(await manage('health'))).toMatchObject({ components: { 'order-book': { status: 'UP' } } });
  expect(await manage('metrics')).toContain('http_route="/orders/{id}"');
}

async function isFound({ known, prices, order }: Running) {
  const endpoints = known.of('orders');
  await expect.poll(() => endpoints.value.length).toBe(1);
  const { routes } = endpoints.value[0]?.instance.metadata ?? {};
  expect(routes?.split(', ').sort()).toEqual(['GET /orders/:id', 'POST /orders']);
  const { asked } = prices;
  prices.state = 'failing';
  expect((await order('lamp')).status).toBe(500);
  expect(prices.asked - asked, 'it found the price list, and tried again').toBeGreaterThan(1);
  prices.state = 'working';
}

async function servesTypedClients({ known, program, ask }: Running) {
  const patient = { timeoutMs: 10_000, deadlineMs: 15_000 };
  await using found = createClient(orderContract, { memberships: known, ...patient });
  const placed = await found.place({ body: { sku: 'lamp' } });
  expect(placed).toMatchObject({ sku: 'lamp', price: 3.2 });
  await using direct = createClient(orderContract, { endpoints: [`${program.url}/api`], ...patient });
  expect(await direct.find({ params: { id: placed.id } })).toEqual(placed);
  await expect(direct.find({ params: { id: '99' } })).rejects.toMatchObject({ status: 404 });
  expect(await (await ask(`/orders/${placed.id}`)).json(), 'by the old route').toEqual(placed);
}

async function losesNothingWhenItStops({ program, prices, order }: Running) {
  const { asked } = prices;
  prices.state = 'hanging';
  const last = order('lamp');
  await expect.poll(() => prices.asked).toBeGreaterThan(asked);
  const stopped = program.stop();
  prices.answerAll();
  expect((await last).status).toBe(201);
  expect(await stopped).toBe(0);
}

/** What holds from a step on, in the order in which it is tried. */
const promises: readonly (readonly [first: number, holds: (running: Running) => Promise<void>])[] = [
  [0, answersAsBefore],
  [2, isGuarded],
  [3, isWatched],
  [4, isFound],
  [5, servesTypedClients],
  [3, losesNothingWhenItStops],
];

describe.each(programs)('%s', (name) => {
  test.each(stepsOf(name))('%s does what the program did before, and what it adds', async (step) => {
    const running = await startWith(step);
    const number = Number(/\d/.exec(step)?.[0]);
    for (const [first, holds] of promises) if (first <= number) await holds(running);
  });

  test.each(stepsOf(name, 1, 3))('%s leaves a price list alone that fails', async (step) => {
    const { prices, order } = await startWith(step);
    prices.state = 'failing';
    for (let placed = 0; placed < 3; placed++) await order('lamp');
    const { asked } = prices;
    expect(asked, 'the breaker opens at the fifth failure').toBeLessThanOrEqual(5);
    expect((await order('lamp')).status).toBe(503);
    expect(prices.asked).toBe(asked);
  });
});
