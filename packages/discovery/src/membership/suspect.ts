/** How a balancer says that an endpoint cannot be reached, found by the list it balances over, as with monitors. */
import type { Live } from '@fwk/kernel';
import type { Endpoint } from './endpoint.js';

const listeners = new WeakMap<object, (endpoint: Endpoint) => void>();

/** Says who hears of the endpoints of a list that balancers cannot reach. */
export function suspectBy(endpoints: Live<readonly Endpoint[]>, listener: (endpoint: Endpoint) => void): void {
  listeners.set(endpoints, listener);
}

/** Says that an endpoint of a list cannot be reached; without effect where nobody wants to hear it. */
export function suspect(endpoints: Live<readonly Endpoint[]>, endpoint: Endpoint): void {
  listeners.get(endpoints)?.(endpoint);
}
