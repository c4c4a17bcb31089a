/** `@fwk/resilience` round the outgoing call: an attempt has 2 s, a failed one is tried again, and a price list that is down is not called for a while. */
import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { currentContext, httpClassifier, policy, RefusalError } from '@fwk/resilience';

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
    console.error(error);
    response.writeHead(error instanceof RefusalError ? error.status : 500).end();
  }
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log('listening', server.address());
});
