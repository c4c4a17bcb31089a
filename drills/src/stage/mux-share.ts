import type { WireChoice } from '@fwk/http';
import type { Demand } from '../drill.js';

/** The share of attempts that must go over Mux where all instances serve it: nearly all, or none. */
export function muxShareFor(wire: WireChoice): Demand {
  // Not all: an instance that goes down while a session is being opened is asked over HTTP.
  return wire === 'http' ? { atMost: 0 } : { atLeast: 0.95 };
}
