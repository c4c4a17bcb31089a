/** A local call of Moleculer, with the layers on that our own client and server have. */
import moleculer from 'moleculer';
import { answer } from './answer.mjs';
import { tellLocalCalls } from './local-calls.mjs';
import { moleculerLayers } from './moleculer-options.mjs';

const broker = new moleculer.ServiceBroker({ nodeID: 'local', logger: false, ...moleculerLayers });
broker.createService({
  name: 'stock',
  actions: { stock: { params: { sku: 'string' }, handler: async ({ params }) => answer(params.sku) } },
});
await broker.start();
const given = { sku: 'lamp' };
await tellLocalCalls(() => broker.call('stock.stock', given));
await broker.stop();
