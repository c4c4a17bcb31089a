/** `@fwk/discovery`: others find the program by its name, with its routes; it finds the price list, and each call goes to the best of its instances. */
import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { createApp } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { fetchOf } from '@fwk/http';
import { protect, sendProblem } from '@fwk/http/protect';

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

async function answerTo(request: IncomingMessage): Promise<[status: number, body: object]> {
  if (request.method === 'POST' && request.url === '/orders') {
    const { sku } = (await json(request)) as { sku: string };
    return [201, await place(sku)];
  }
  const [, id = ''] = /^\/orders\/([^/?]+)$/.exec(request.url ?? '') ?? [];
  const order = request.method === 'GET' ? orders.get(id) : undefined;
  return order ? [200, order] : [404, { message: 'no such order' }];
}

const server = createServer(async (request, response) => {
  try {
    const [status, body] = await answerTo(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  } catch (error) {
    sendProblem(response, error);
  }
});

const guarded = protect(server, {
  listen: () => server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1'),
  limit: {}, // as many requests at once as are answered in time; the others get 503
  // A bare server has no router that could tell its routes.
  routes: { 'GET /orders/:id': {}, 'POST /orders': { timeoutMs: 10_000, idempotencyKey: 'optional' } },
});

const application = createApp({
  name: 'orders',
  version: '1.0.0',
  owner: 'team-orders',
  checks: [{ name: 'order-book', check: () => orders.size < 10_000 }],
  use: [discovery(), guarded],
});
await application.start(); // SIGTERM drains and stops it
