export interface Price {
  readonly cents: number;
}
export declare function fetchPrice(sku: string): Promise<Price>;
