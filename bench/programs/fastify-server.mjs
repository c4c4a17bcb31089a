/** Fastify with the same operations: its validator for what comes in, its serialiser for what goes out, no log. */
import './tell-costs.mjs';
import fastify from 'fastify';
import { answer } from './answer.mjs';

const object = (properties) => ({ type: 'object', properties, required: Object.keys(properties) });
const string = { type: 'string' };
const number = { type: 'number' };
const position = { 200: object({ sku: string, left: number, warehouse: string }) };

const server = fastify();
server.get('/stock/:sku', { schema: { params: object({ sku: string }), response: position } }, async ({ params }) =>
  answer(params.sku),
);
server.post(
  '/orders',
  { schema: { body: object({ sku: string, quantity: number, note: string }), response: position } },
  async ({ body }) => answer(body.sku),
);
await server.listen({ port: Number(process.env.BENCH_PORT), host: '127.0.0.1' });
process.stdout.write('ready\n');
