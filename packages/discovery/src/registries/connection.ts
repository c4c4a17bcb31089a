import { type Env, type Live, type LiveSource, liveValue } from '@fwk/kernel';
import type { RegistryConnection } from '../registry.js';

type State = RegistryConnection['state'];

/**
 * Whether what a backend stands on answers: a live value, and an event with each loss and each return. What was never
 * reached cannot be lost: until then it is a matter of the value alone.
 */
export class Connection {
  readonly #registry: string;
  readonly #env: Env;
  readonly #live: LiveSource<RegistryConnection>;
  #told = false;

  constructor(registry: string, env: Env) {
    this.#registry = registry;
    this.#env = env;
    this.#live = liveValue<RegistryConnection>({ state: 'connecting', sinceMs: env.clock.wallTime() });
  }

  get live(): Live<RegistryConnection> {
    return this.#live;
  }

  get state(): State {
    return this.#live.value.state;
  }

  /** It answers. @returns the state before */
  answers(): State {
    const before = this.state;
    if (before !== 'connected') this.#say('connected');
    if (this.#told) this.#env.events.emit('registry.regained', { registry: this.#registry });
    this.#told = false;
    return before;
  }

  /** It does not, or what it says is of no use. @returns the state before */
  lost(reason: string): State {
    const before = this.state;
    if (before !== 'lost' || this.#live.value.reason !== reason) this.#say('lost', reason);
    if (before !== 'connected') return before;
    this.#told = true;
    this.#env.events.emit('registry.lost', { registry: this.#registry, reason });
    return before;
  }

  /** It answers, and yet does not take what is registered, for this reason; undefined once it does. */
  refuses(reason: string | undefined): void {
    if (this.state === 'connected' && this.#live.value.reason !== reason) this.#say('connected', reason);
  }

  closed(): void {
    this.#say('closed');
  }

  #say(state: State, reason?: string): void {
    const before = this.#live.value;
    const sinceMs = before.state === state ? before.sinceMs : this.#env.clock.wallTime();
    this.#live.set({ state, sinceMs, ...(reason !== undefined && { reason }) });
  }
}
