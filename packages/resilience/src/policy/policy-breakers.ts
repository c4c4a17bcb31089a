/**
 * The breakers of one policy, over all stacks that were built from it, and the state in which somebody has set them by
 * hand. That state belongs to the policy: breakers come and go, with keys, stacks and configuration, and one that is made
 * while it holds begins in it.
 */
import { type BreakerHandle, type ManualState, manualStates } from '../breaker/breaker-state.js';
import { UnknownStateError } from '../breaker/unknown-state-error.js';
import { ListedHandles } from '../layer/listed-handles.js';

/** Lists breakers and sets them all. */
export class PolicyBreakers {
  readonly #name: string;
  readonly #handles = new ListedHandles<BreakerHandle>();
  #forced: ManualState | undefined;

  /** @param name - the policy's, for messages. */
  constructor(name: string) {
    this.#name = name;
  }

  /** The state that was set by hand and not yet reset. */
  get forced(): ManualState | undefined {
    return this.#forced;
  }

  /** Those still in use, oldest first. */
  get alive(): readonly BreakerHandle[] {
    return this.#handles.alive;
  }

  /** Begins the list anew; see {@link ListedHandles}. */
  readonly list = (): ((breaker: BreakerHandle) => void) => {
    const add = this.#handles.list();
    return (breaker) => {
      add(breaker);
      if (this.#forced !== undefined) breaker.force(this.#forced);
    };
  };

  /** @throws {@link UnknownStateError} for a state that does not exist */
  force(state: ManualState): void {
    if (!manualStates.includes(state)) {
      throw new UnknownStateError(`policy "${this.#name}"`, state, manualStates);
    }
    this.#forced = state;
    for (const breaker of this.alive) breaker.force(state);
  }

  reset(): void {
    this.#forced = undefined;
    for (const breaker of this.alive) breaker.reset();
  }
}
