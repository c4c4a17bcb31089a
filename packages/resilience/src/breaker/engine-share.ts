/**
 * What an opossum object is to tell although other layers do it: a fallback that answered, answers from a cache, calls that
 * joined another. In opossum one object does all of these; here the breaker of a stack is found by the layers outside it
 * through the environment, which a policy makes anew for each of its stacks. Layers that were not built by a policy have no
 * breaker to tell.
 */
import type { Env } from '@fwk/kernel';
import type { OpossumView } from './opossum-view.js';

/** Finds the opossum object of a call. */
export interface OpossumSource {
  /** Undefined while there is none, as of a key that the breaker has not met. */
  viewOf(request: unknown): OpossumView | undefined;
}

/** Where the breaker of a stack leaves its opossum object. */
export interface EngineShare {
  breaker: OpossumSource | undefined;
}

const shares = new WeakMap<Env, EngineShare>();

/** Lets the layers built in this environment share. @returns the environment */
export function sharingEngine(env: Env): Env {
  shares.set(env, { breaker: undefined });
  return env;
}

/** The share of the stack that is built in this environment, if a policy builds it. */
export function engineShareOf(env: Env): EngineShare | undefined {
  return shares.get(env);
}
