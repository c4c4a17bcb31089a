/** Streams with the default layers, of an application that is registered. */
import './tell-costs.mjs';
import * as fwk from '../fwk.mjs';
import { prices } from './stream-contract.mjs';
import { exported, pushed } from './stream-items.mjs';

const { createApp } = await fwk.core();
const { discovery } = await fwk.discovery();
const { http, served } = await fwk.http();

const handlers = {
  exported: ({ params }) => exported(params.count),
  pushed: ({ params }) => pushed(params.count),
};
const app = createApp({
  name: 'prices',
  version: '1.0.0',
  owner: 'bench',
  use: [discovery(), http({ serve: [served(prices, handlers)], port: Number(process.env.BENCH_PORT) })],
  logging: { level: 'error' },
});
await app.start();
process.stdout.write('ready\n');
