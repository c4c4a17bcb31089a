import moleculer from 'moleculer';

const broker = new moleculer.ServiceBroker({ logger: false });
broker.createService({ name: 'stock', actions: { stock: ({ params }) => ({ sku: params.sku, left: 41 }) } });
await broker.start();
await broker.call('stock.stock', { sku: 'lamp' });
process.stdout.write('answered\n');
