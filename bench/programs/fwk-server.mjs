/** Ours with its default layers, of an application that is registered. */
import './tell-costs.mjs';
import * as fwk from '../fwk.mjs';
import { answer } from './answer.mjs';
import { orders } from './order-contract.mjs';

const { createApp } = await fwk.core();
const { discovery } = await fwk.discovery();
const { http, served } = await fwk.http();

const handlers = {
  stock: async ({ params }) => answer(params.sku),
  order: async ({ body }) => answer(body.sku),
};
const app = createApp({
  name: 'orders',
  version: '1.0.0',
  owner: 'bench',
  use: [discovery(), http({ serve: [served(orders, handlers)], port: Number(process.env.BENCH_PORT) })],
  logging: { level: 'error' },
});
await app.start();
process.stdout.write('ready\n');
