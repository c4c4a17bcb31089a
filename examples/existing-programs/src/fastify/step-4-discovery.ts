/** `@fwk/discovery`: others find the program by its name, with its routes; it finds the price list, and each call goes to the best of its instances. */
import { createApp } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { fetchOf } from '@fwk/http';
import { protect, sendProblem } from '@fwk/http/protect';
import fastify from 'fastify';

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

const app = fastify();
// Before plugins and routes: hooks of Fastify hold for what comes after them.
const guarded = protect(app, {
  listen: () => app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' }),
  limit: {}, // as many requests at once as are answered in time; the others get 503
  routes: { 'POST /orders': { timeoutMs: 10_000, idempotencyKey: 'optional' } },
});

app.get<{ Params: { id: string } }>('/orders/:id', async (request, reply) => {
  return orders.get(request.params.id) ?? reply.code(404).send({ message: 'no such order' });
});

app.post<{ Body: { sku: string } }>('/orders', async (request, reply) => {
  return reply.code(201).send(await place(request.body.sku));
});

app.setErrorHandler((error, _request, reply) => {
  reply.hijack(); // it is answered past Fastify
  sendProblem(reply.raw, error);
});

const application = createApp({
  name: 'orders',
  version: '1.0.0',
  owner: 'team-orders',
  checks: [{ name: 'order-book', check: () => orders.size < 10_000 }],
  use: [discovery(), guarded],
});
await application.start(); // SIGTERM drains, closes Fastify and stops
