/** `@fwk/discovery`: others find the program by its name, with its routes; it finds the price list, and each call goes to the best of its instances. */
import { createApp } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { fetchOf } from '@fwk/http';
import { protect, sendProblem } from '@fwk/http/protect';
import express from 'express';

interface Order {
  readonly id: string;
  readonly sku: string;
  readonly price: number;
}

const orders = new Map<string, Order>();

const pricesKey = fetchOf('prices', { timeoutMs: 2000 }); // tried again, with a breaker for each instance
const prices = (path: string) => application.get(pricesKey)(path);

async function place(sku: string): Promise<Order> {
  const answer = await prices(`/prices/${encodeURIComponent(sku)}`);
  if (!answer.ok) throw new Error(`the price list answered ${answer.status}`);
  const { price } = (await answer.json()) as { price: number };
  const order = { id: String(orders.size + 1), sku, price };
  orders.set(order.id, order);
  return order;
}

const app = express();
const guarded = protect(app, {
  listen: () => app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1'),
  limit: {}, // as many requests at once as are answered in time; the others get 503
  routes: { 'POST /orders': { timeoutMs: 10_000, idempotencyKey: 'optional' } },
});
app.use(express.json());

app.get('/orders/:id', (request, response) => {
  const order = orders.get(request.params.id);
  if (order) response.json(order);
  else response.status(404).json({ message: 'no such order' });
});

app.post('/orders', async (request, response) => {
  response.status(201).json(await place(request.body.sku));
});

const explain: express.ErrorRequestHandler = (error, _request, response, _next) => sendProblem(response, error);
app.use(explain);

const application = createApp({
  name: 'orders',
  version: '1.0.0',
  owner: 'team-orders',
  checks: [{ name: 'order-book', check: () => orders.size < 10_000 }],
  use: [discovery(), guarded],
});
await application.start(); // SIGTERM drains and stops it
