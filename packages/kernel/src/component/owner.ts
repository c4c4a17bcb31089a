import { sharedState } from './shared-state.js';
import type { Resolver } from './token.js';

const owners = sharedState('owners', () => new WeakMap<object, Resolver>());

/**
 * Remembers which container built an instance. Method decorators read it to find the application's settings, policies
 * and clock without knowing the container; an instance made by plain `new` has no owner and runs on defaults.
 */
export function setOwner(instance: object, resolver: Resolver): void {
  owners.set(instance, resolver);
}

/** The container that built the instance, if one did. */
export function ownerOf(instance: object): Resolver | undefined {
  return owners.get(instance);
}
