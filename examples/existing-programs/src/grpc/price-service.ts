/** The service that is called, as generated code would describe it; messages are JSON here. */
import { makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';

export interface Price {
  readonly price: number;
}

const encode = (message: object) => Buffer.from(JSON.stringify(message));
const decode = (bytes: Buffer) => JSON.parse(bytes.toString());

export const priceService = {
  getPrice: {
    path: '/shop.v1.PriceService/GetPrice',
    requestStream: false,
    responseStream: false,
    requestSerialize: encode,
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: decode,
  },
} as const;

export const PriceClient = makeGenericClientConstructor(priceService, 'shop.v1.PriceService');

/** One call, as a promise. */
export function getPrice(client: InstanceType<typeof PriceClient>, sku: string, deadline: number): Promise<Price> {
  return new Promise((resolve, reject) => {
    client.getPrice?.({ sku }, { deadline }, (error: ServiceError | null, price: Price) =>
      error ? reject(error) : resolve(price),
    );
  });
}
