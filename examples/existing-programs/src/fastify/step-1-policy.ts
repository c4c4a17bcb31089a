/** `@fwk/resilience` round the outgoing call: an attempt has 2 s, a failed one is tried again, and a price list that is down is not called for a while. */
import { currentContext, httpClassifier, policy } from '@fwk/resilience';
import fastify from 'fastify';

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

const app = fastify();

app.get<{ Params: { id: string } }>('/orders/:id', async (request, reply) => {
  return orders.get(request.params.id) ?? reply.code(404).send({ message: 'no such order' });
});

app.post<{ Body: { sku: string } }>('/orders', async (request, reply) => {
  return reply.code(201).send(await place(request.body.sku));
});

console.log('listening', await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' }));
