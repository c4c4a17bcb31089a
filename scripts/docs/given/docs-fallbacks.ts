import type { Order } from './reader.js';

export interface Receipt {
  readonly id: string;
}
interface Provider {
  pay(order: Order): Promise<Receipt>;
}
export declare const firstProvider: Provider;
export declare const secondProvider: Provider;
