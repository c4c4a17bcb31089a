import { Server, ServerCredentials } from '@grpc/grpc-js';
import { answer } from './answer.mjs';
import { Stock } from './grpc-stock.mjs';

const server = new Server();
server.addService(Stock.service, { stock: ({ request }, reply) => reply(null, answer(request.sku)) });
const place = `127.0.0.1:${process.env.BENCH_GRPC_PORT}`;
await new Promise((resolve, reject) =>
  server.bindAsync(place, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())),
);
process.stdout.write('ready\n');
