import { credentials } from '@grpc/grpc-js';
import { Stock } from '../programs/grpc-stock.mjs';

export function open() {
  const grpc = new Stock(`127.0.0.1:${process.env.BENCH_GRPC_PORT}`, credentials.createInsecure());
  return () =>
    new Promise((resolve, reject) => {
      grpc.stock({ sku: 'lamp' }, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
}
