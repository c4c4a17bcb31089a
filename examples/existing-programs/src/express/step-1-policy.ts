/** `@fwk/resilience` round the outgoing call: an attempt has 2 s, a failed one is tried again, and a price list that is down is not called for a while. */
import { currentContext, httpClassifier, policy } from '@fwk/resilience';
import express from 'express';

interface Order {
  readonly id: string;
  readonly sku: string;
  readonly price: number;
}

const orders = new Map<string, Order>();

const prices = policy('prices', {
  timeoutMs: 2000,
  retry: {},
  breaker: { consecutiveFailures: 5 },
  classifier: httpClassifier,
}).wrap((path: string) => fetch(`${process.env.PRICES_URL}${path}`, { signal: currentContext().signal }));

async function place(sku: string): Promise<Order> {
  const answer = await prices(`/prices/${encodeURIComponent(sku)}`);
  if (!answer.ok) throw new Error(`the price list answered ${answer.status}`);
  const { price } = (await answer.json()) as { price: number };
  const order = { id: String(orders.size + 1), sku, price };
  orders.set(order.id, order);
  return order;
}

const app = express();
app.use(express.json());

app.get('/orders/:id', (request, response) => {
  const order = orders.get(request.params.id);
  if (order) response.json(order);
  else response.status(404).json({ message: 'no such order' });
});

app.post('/orders', async (request, response) => {
  response.status(201).json(await place(request.body.sku));
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log('listening', server.address());
});
