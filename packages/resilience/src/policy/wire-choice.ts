import { oneOf, type Rule } from '@fwk/kernel';

/**
 * Which wire the calls of a client take: `http`, `mux`, or `auto` for the cheapest that an endpoint says it serves.
 */
export type WireChoice = 'auto' | 'http' | 'mux';

/** What the option `wire` must be. */
export const wireRule: Rule = oneOf('auto', 'http', 'mux');
