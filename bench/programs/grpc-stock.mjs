/** The service of stock.proto, as grpc-js knows it. */
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export const { Stock } = loadPackageDefinition(loadSync(fileURLToPath(new URL('stock.proto', import.meta.url)))).bench;
