import { get } from 'node:http';
import fastify from 'fastify';

const server = fastify();
server.get('/stock/:sku', async ({ params }) => ({ sku: params.sku, left: 41 }));
const url = await server.listen({ port: 0, host: '127.0.0.1' });
get(`${url}/stock/lamp`, (response) => response.resume().on('end', () => process.stdout.write('answered\n')));
