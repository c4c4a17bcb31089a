import * as grpc from '@grpc/grpc-js';

export { grpcClassifier, grpcTarget } from '@fwk/discovery/grpc';
export { grpc };
export const StockClient: grpc.ServiceClientConstructor = grpc.makeGenericClientConstructor({}, 'shop.Stock');
export declare const ask: (sku: string) => Promise<string>;
export declare const ownAddress: string;
