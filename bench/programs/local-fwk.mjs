/** Calls of one service by another in the same process, with the layers that both have by default. */
import * as fwk from '../fwk.mjs';
import { answer } from './answer.mjs';
import { stock } from './contract.mjs';
import { tellLocalCalls } from './local-calls.mjs';

const { createApp } = await fwk.core();
const { clientOf, http, inProcess, localGroup, served } = await fwk.http();

const group = localGroup();
const appOf = (name, component) =>
  createApp({
    ...{ name, version: '1.0.0', owner: 'bench', signals: false, management: false },
    use: [inProcess(group), component],
    logging: { level: 'error' },
    shutdown: { propagationDelayMs: 0 },
  });
const handlers = { stock: async ({ params }) => answer(params.sku) };
const callee = appOf('stock', http({ listen: false, serve: [served(stock, handlers)] }));
const caller = appOf('caller', http({ listen: false }));
await callee.start();
await caller.start();
const client = caller.get(clientOf(stock, { wire: 'local' }));
const given = { params: { sku: 'lamp' } };
await tellLocalCalls(() => client.stock(given));
await caller.stop();
await callee.stop();
