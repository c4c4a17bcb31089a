import { type Layer, type Service, type Stack, stack } from '@fwk/kernel';
import type { Simulation } from '../engine/simulation.js';
import { hop } from './hop.js';

/** Services that call each other in a row. */
export interface Chain {
  /** Links in the row: 1 is a client and the leaf, 3 has two services between. */
  readonly depth: number;
  /** Time of one way over a link, in milliseconds. */
  readonly delayMs: number;
  /** The client's layers on each link, outermost first; made anew for each. */
  readonly layers: () => readonly Layer<unknown, string>[];
  /** Called with each attempt sent over a link; links are counted from the user's, which is 1. */
  readonly onAttempt: (link: number, nowMs: number) => void;
}

/** Puts services before a leaf; each handles a request by asking the next. @returns what the user calls */
export function chainTo(
  simulation: Simulation,
  chain: Chain,
  leaf: Service<unknown, string>,
): Service<unknown, string> {
  const { clock } = simulation;
  let service = leaf;
  for (let link = chain.depth; link >= 1; link--) {
    const there = hop(simulation, { operation: `service${link}.work`, delayMs: () => chain.delayMs }, service);
    let layers: Stack<unknown, string> = stack<unknown, string>(simulation.env(`link ${link}`));
    for (const layer of chain.layers()) layers = layers.use(layer);
    service = layers.into((request, context) => {
      chain.onAttempt(link, clock.now());
      return there.call(request, context);
    });
  }
  return service;
}
