/** The program as it is: a worker without HTTP that puts prices on orders, asked of another service. */
import { type Job, Worker } from 'bullmq';

interface Order {
  readonly sku: string;
}

const prices = (path: string) => fetch(`${process.env.PRICES_URL}${path}`);

async function priced(job: Job<Order>): Promise<number> {
  const answer = await prices(`/prices/${encodeURIComponent(job.data.sku)}`);
  if (!answer.ok) throw new Error(`the price list answered ${answer.status}`);
  const { price } = (await answer.json()) as { price: number };
  return price;
}

const connection = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT ?? 6379) };
const worker = new Worker<Order, number>('orders', priced, { connection, concurrency: 5, autorun: false });
worker.on('error', (error) => console.error(error.message));

await worker.waitUntilReady();
void worker.run();
process.once('SIGTERM', () => void worker.close());
