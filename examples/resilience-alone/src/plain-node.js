/** A policy round a plain function: no container, no decorator, no build. `node src/plain-node.js` tells what happens and ends. */
import { BreakerOpenError, policy } from '@fwk/resilience';

let asked = 0;
let failuresToCome = 0;

/** Stands for a call over the network. @param {string} sku */
async function fetchPrice(sku) {
  asked++;
  if (failuresToCome-- > 0) throw new Error('price list unreachable');
  return `${sku} costs 3.20`;
}

const price = policy('price', {
  deadlineMs: 1000, // the whole call, retries included
  timeoutMs: 200, // one attempt
  retry: { maxAttempts: 3, baseDelayMs: 10 },
  breaker: { consecutiveFailures: 5, openMs: 100, successesToClose: 1 },
}).wrap(fetchPrice);

/** @param {string} sku */
async function tell(sku) {
  const before = asked;
  const answer = await price(sku).catch((error) =>
    error instanceof BreakerOpenError ? 'refused, the breaker is open' : `failed, ${error.message}`,
  );
  console.log(`${answer} (asked ${asked - before} times)`);
}

failuresToCome = 1;
await tell('apples'); // the second attempt answers

failuresToCome = Number.POSITIVE_INFINITY;
await tell('pears'); // no attempt answers
await tell('pears'); // the fifth failure in a row opens the breaker
await tell('pears'); // not even asked

failuresToCome = 0;
await new Promise((resolve) => setTimeout(resolve, 120));
await tell('pears'); // one probe, and all is well again
