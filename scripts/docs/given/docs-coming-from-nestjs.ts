export { fakeClock } from '@fwk/kernel/testing';
export { Test } from '@nestjs/testing';

export interface Price {
  readonly cents: number;
}
export declare function fetchPrice(sku: string): Promise<Price>;

/** The module of examples/existing-programs. */
export declare class PoliciesModule {}
export declare const policiesToken: symbol;
