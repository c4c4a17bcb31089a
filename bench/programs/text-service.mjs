/** Serves texts of any size; each size is made once. */
import * as fwk from '../fwk.mjs';
import { texts } from './text-contract.mjs';

const { createApp } = await fwk.core();
const { discovery } = await fwk.discovery();
const { http, served } = await fwk.http();

const made = new Map();
const textOf = (bytes) => {
  if (!made.has(bytes)) made.set(bytes, { text: 'x'.repeat(bytes) });
  return made.get(bytes);
};
const app = createApp({
  name: 'texts',
  version: '1.0.0',
  owner: 'bench',
  use: [discovery(), http({ serve: [served(texts, { text: async ({ params }) => textOf(params.bytes) })] })],
  logging: { level: 'error' },
});
await app.start();
process.stdout.write('ready\n');
