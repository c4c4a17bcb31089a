import type { Endpoint } from '../membership/endpoint.js';

/** A call that other code sends to the chosen endpoint. That code tells the balancer how the call ended, by exactly one of these methods. */
export interface PlacedCall<in Res> {
  answered(result: Res): void;
  failed(error: unknown): void;
  /** The caller gave up: the endpoint is at least as slow as that. */
  abandoned(): void;
}

/** An endpoint that was chosen, and not called yet. Nothing is owed for one that is never called. */
export interface Chosen<in Res> {
  readonly endpoint: Endpoint;
  /** Counts a call there from now on, until it is told how that ends. */
  begin(): PlacedCall<Res>;
}

/** Of a call that went to an endpoint which had left meanwhile: nobody needs to know. */
export const uncounted: PlacedCall<unknown> = Object.freeze({ answered() {}, failed() {}, abandoned() {} });
