/**
 * The breakers of one policy, over all stacks that were built from it, and the state in which somebody has set them by
 * hand, all or those of one endpoint. That state belongs to the policy: breakers come and go, with keys, endpoints, stacks
 * and configuration, and one that is made while it holds begins in it.
 */
import { type BreakerHandle, type ManualState, manualStates } from '../breaker/breaker-state.js';
import { UnknownStateError } from '../breaker/unknown-state-error.js';
import type { ListedHandles } from '../layer/listed-handles.js';

/** Endpoints come and go; of more than this the one that was set first is forgotten. */
const MAX_ENDPOINTS = 10_000;

/** Sets breakers, those that come later too. */
export class PolicyBreakers {
  readonly #name: string;
  readonly #handles: ListedHandles<BreakerHandle>;
  readonly #ofEndpoints = new Map<string, ManualState>();
  #forced: ManualState | undefined;

  /**
   * @param name - the policy's, for messages.
   * @param handles - where its layers list their breakers.
   */
  constructor(name: string, handles: ListedHandles<BreakerHandle>) {
    this.#name = name;
    this.#handles = handles;
    handles.onAdded = (breaker) => {
      const { endpoint } = breaker;
      const state = (endpoint === undefined ? undefined : this.#ofEndpoints.get(endpoint)) ?? this.#forced;
      if (state !== undefined) breaker.force(state);
    };
  }

  /** The state that was set by hand for all of them and not yet reset. */
  get forced(): ManualState | undefined {
    return this.#forced;
  }

  /** The same of single endpoints. */
  get forcedEndpoints(): ReadonlyMap<string, ManualState> {
    return this.#ofEndpoints;
  }

  /** Those still in use, oldest first. */
  get alive(): readonly BreakerHandle[] {
    return this.#handles.alive;
  }

  /**
   * @param endpoint - only this one's. @defaultValue all, those of endpoints that were set apart included
   * @throws {@link UnknownStateError} for a state that does not exist
   */
  force(state: ManualState, endpoint?: string): void {
    if (!manualStates.includes(state)) {
      throw new UnknownStateError(`policy "${this.#name}"`, state, manualStates);
    }
    if (endpoint === undefined) {
      this.#forced = state;
      this.#ofEndpoints.clear();
    } else {
      this.#ofEndpoints.set(endpoint, state);
      if (this.#ofEndpoints.size > MAX_ENDPOINTS) {
        for (const first of this.#ofEndpoints.keys()) {
          this.#ofEndpoints.delete(first);
          break;
        }
      }
    }
    for (const breaker of this.#of(endpoint)) breaker.force(state);
  }

  /** @param endpoint - only this one's. @defaultValue all */
  reset(endpoint?: string): void {
    if (endpoint === undefined) {
      this.#forced = undefined;
      this.#ofEndpoints.clear();
    } else this.#ofEndpoints.delete(endpoint);
    for (const breaker of this.#of(endpoint)) breaker.reset();
  }

  #of(endpoint: string | undefined): readonly BreakerHandle[] {
    return this.alive.filter((breaker) => endpoint === undefined || breaker.endpoint === endpoint);
  }
}
