import moleculer from 'moleculer';
import { answer } from './answer.mjs';
import { moleculerOptions } from './moleculer-options.mjs';

const broker = new moleculer.ServiceBroker(moleculerOptions('server'));
broker.createService({ name: 'stock', actions: { stock: ({ params }) => answer(params.sku) } });
await broker.start();
process.stdout.write('ready\n');
