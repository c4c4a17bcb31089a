import moleculer from 'moleculer';
import { moleculerOptions } from '../programs/moleculer-options.mjs';

export async function open() {
  const broker = new moleculer.ServiceBroker(moleculerOptions('client'));
  await broker.start();
  await broker.waitForServices('stock', 10_000);
  return () => broker.call('stock.stock', { sku: 'lamp' });
}
