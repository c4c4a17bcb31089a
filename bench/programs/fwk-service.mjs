/** A served contract: found through the embedded registry. Says `ready PORT` on stdout. */
import * as fwk from '../fwk.mjs';
import { answer } from './answer.mjs';
import { stock } from './contract.mjs';

const { createApp } = await fwk.core();
const { discovery } = await fwk.discovery();
const { http, Serves } = await fwk.http();

class Stock {
  async stock({ params }) {
    return answer(params.sku);
  }
}
Serves(stock)(Stock);

export const app = createApp({
  name: 'stock',
  version: '1.0.0',
  owner: 'bench',
  use: [discovery(), http({ serve: [Stock] })],
  logging: { level: 'error' },
  shutdown: { propagationDelayMs: 0 },
});
await app.start();
process.stdout.write(`ready ${process.env.BENCH_ANSWER ?? ''}\n`);
