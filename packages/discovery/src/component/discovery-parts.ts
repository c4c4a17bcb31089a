import { type Env, type InstanceFacts, type Live, liveValue, type Token, token } from '@fwk/kernel';
import { type LastKnown, lastKnown } from '../membership/last-known.js';
import { type Memberships, memberships } from '../membership/memberships.js';
import { localRegistry } from '../registries/local/local-registry.js';
import type { Registry, ServicesWatch } from '../registry.js';
import type { DiscoveryOptions } from './discovery-options.js';
import { Presence } from './presence.js';

/**
 * The parts of discovery in one application, such as the registry and the memberships. The container makes them when one of
 * them is first asked for, and disposes of them. So nothing stays open when a component asks before `discovery()` has started
 * and the start then fails.
 */
export class DiscoveryParts implements AsyncDisposable {
  readonly registry: Registry;
  readonly memberships: Memberships;
  readonly services: ServicesWatch;
  readonly presence: Presence;
  readonly #saved: LastKnown | undefined;
  #closing: Promise<void> | undefined;

  /** @param facts - what is told of the application's instances while it runs. @defaultValue nothing */
  constructor(options: DiscoveryOptions, env: Env, facts: Live<InstanceFacts> = liveValue<InstanceFacts>({})) {
    const { registry: given, persist } = options;
    this.registry = given ? (given.connect?.(env) ?? given) : localRegistry(undefined, env);
    // The first watch makes the registry connect, so that this happens while everything else starts.
    this.services = this.registry.services();
    this.presence = new Presence(this.registry, env, options, facts);
    this.#saved = persist && lastKnown(persist, env);
    this.memberships = memberships(this.registry, env, this.#saved);
  }

  /** Closes them once; further calls wait for the same end. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.presence.leave();
    this.memberships[Symbol.dispose]();
    this.services[Symbol.dispose]();
    await this.#saved?.close();
    await this.registry.close();
  }
}

/** For the component itself: others ask for the registry or the memberships. */
export const discoveryPartsToken: Token<DiscoveryParts> = token('parts of discovery');
