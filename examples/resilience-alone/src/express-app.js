/**
 * An Express app whose one outgoing call is guarded. While the price list fails it answers with the last price it knows;
 * for goods it knows nothing of, it says when to come back. `PRICES_URL=http://127.0.0.1:4000 PORT=3000 node src/express-app.js`
 */
import { BreakerOpenError, policy } from '@fwk/resilience';
import express from 'express';

/** @type {Map<string, { price: number }>} Bounded by the number of goods. */
const lastKnown = new Map();

/** @param {string} sku */
async function fetchPrice(sku) {
  const response = await fetch(`${process.env.PRICES_URL}/${encodeURIComponent(sku)}`);
  if (!response.ok) throw new Error(`the price list answered ${response.status}`);
  const answer = await response.json();
  lastKnown.set(sku, answer);
  return answer;
}

const price = policy('price', {
  timeoutMs: 500,
  breaker: { consecutiveFailures: 3, openMs: 2000 },
  fallback(error, { args: [sku] }) {
    const known = lastKnown.get(String(sku));
    if (!known) throw error;
    return { ...known, stale: true };
  },
}).wrap(fetchPrice);

const app = express();

app.get('/prices/:sku', async (request, response) => {
  response.json(await price(request.params.sku));
});

/** @type {express.ErrorRequestHandler} Four parameters are what Express knows an error handler by. */
const explain = (error, _request, response, _next) => {
  const refused = error instanceof BreakerOpenError;
  if (refused) response.set('retry-after', String(Math.ceil(Number(error.details.nextProbeInMs ?? 1000) / 1000)));
  response
    .status(refused ? 503 : 502)
    .type('application/problem+json')
    .json({ type: 'about:blank', title: 'the price list cannot be asked', detail: error.message, code: error.code });
};
app.use(explain);

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const address = server.address();
  console.log(`listening on http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`);
});
