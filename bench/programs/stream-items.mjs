/** What is streamed: prices, as one async generator gives them to either server. */
import { setImmediate as turn } from 'node:timers/promises';

/** All that there are, one after the other. */
export async function* exported(count) {
  for (let seq = 1; seq <= count; seq++) yield priceOf(seq);
}

/** One in each turn of the event loop, as from a source that pushes: none can be sent together with the next. */
export async function* pushed(count) {
  for (let seq = 1; seq <= count; seq++) {
    await turn();
    yield priceOf(seq);
  }
}

function priceOf(seq) {
  return { seq, sku: `lamp-${seq % 100}`, cents: 1000 + (seq % 997), currency: 'EUR', at: '2026-03-01T12:00:00Z' };
}
