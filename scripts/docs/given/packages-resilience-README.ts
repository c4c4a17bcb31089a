export interface Price {
  readonly cents: number;
}
export type Quote = Price;
export interface Cart {
  readonly sku: string;
}
export interface Order {
  readonly id: string;
}
export interface Receipt {
  readonly id: string;
}
export declare function fetchQuote(sku: string): Promise<Price>;
export declare function fetchPrice(sku: string): Promise<Price>;
export declare function lastKnownPrice(sku: unknown): Price;
export declare function sendPayment(order: Order): Promise<Receipt>;
export declare const order: Order;
