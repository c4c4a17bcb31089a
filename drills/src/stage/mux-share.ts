import type { WireChoice } from '@fwk/resilience';
import type { Demand } from '../drill.js';

/** What is demanded of the share of attempts over Mux where all instances serve it: nearly all, or none. */
export function muxShareFor(wire: WireChoice): Demand {
  // An instance that goes down while a session is opened is asked over HTTP.
  return wire === 'http' ? { atMost: 0 } : { atLeast: 0.95 };
}
