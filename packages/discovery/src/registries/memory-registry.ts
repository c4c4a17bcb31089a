/**
 * The registry of one process: for tests, and for programs that run all their services in one process. Nothing can be
 * lost here, so there are no leases; connections of one registry share what is registered and close on their own.
 */
import { background, type CallContext, type Clock, type Env, type Live, liveValue, makeEnv } from '@fwk/kernel';
import { DuplicateInstanceError, RegistryClosedError } from '../errors.js';
import { checkInstanceId, type Instance, parseInstance } from '../instance.js';
import { type Override, parseOverride } from '../override.js';
import type { Overrides, Registration, Registry, RegistryConnection } from '../registry.js';
import { Catalog } from './catalog.js';
import { describeInstance } from './describe-instance.js';
import { ownWord } from './own-word.js';
import { WatchBoard } from './watch-board.js';

/** Makes a registry that lives in this process. */
export function memoryRegistry(env?: Partial<Env>): Registry {
  return new MemoryRegistry(new Hub(), makeEnv(env));
}

/** What all connections of one memory registry share. */
class Hub {
  readonly catalog = new Catalog();
  readonly boards = new Set<WatchBoard>();

  put(instance: Instance): void {
    this.#publish(this.catalog.put({ instance, holder: 'memory' }));
  }

  remove(id: string): void {
    const entry = this.catalog.remove(id);
    if (entry) this.#publish([entry.instance.service]);
  }

  override(id: string, override: Override | undefined): void {
    this.#publish(this.catalog.override(id, override));
  }

  #publish(services: readonly string[]): void {
    for (const board of [...this.boards]) board.publish(services);
  }
}

class MemoryRegistry implements Registry {
  readonly name = 'memory';
  readonly connection: Live<RegistryConnection>;
  readonly overrides: Overrides;
  readonly #hub: Hub;
  readonly #clock: Clock;
  readonly #board: WatchBoard;
  readonly #own = new Set<Registration>();
  #closed = false;

  constructor(hub: Hub, env: Env) {
    this.#hub = hub;
    this.#clock = env.clock;
    this.overrides = {
      async set(id, override) {
        hub.override(id, parseOverride(id, { ...override, atMs: env.clock.wallTime() }));
      },
      async lift(id) {
        checkInstanceId(id);
        const known = hub.catalog.overrides.has(id);
        hub.override(id, undefined);
        return known;
      },
    };
    this.#board = new WatchBoard(hub.catalog, true);
    this.connection = liveValue<RegistryConnection>({ state: 'connected', sinceMs: env.clock.wallTime() });
    hub.boards.add(this.#board);
  }

  async register(given: Instance, context: CallContext = background): Promise<Registration> {
    if (context.cancelled) throw context.reason;
    if (this.#closed) throw new RegistryClosedError(this.name);
    let instance = parseInstance(given);
    const hub = this.#hub;
    const holder = hub.catalog.get(instance.id)?.instance;
    if (holder) throw new DuplicateInstanceError(instance.id, describeInstance(holder), describeInstance(instance));
    hub.put(instance);
    const own = this.#own;
    const registration: Registration = {
      get instance() {
        return instance;
      },
      ...ownWord(this.#clock, async (make) => {
        if (!own.has(registration)) return;
        instance = make(instance);
        hub.put(instance);
      }),
      async deregister() {
        if (own.delete(registration)) hub.remove(instance.id);
      },
    };
    own.add(registration);
    return registration;
  }

  watch(service: string) {
    return this.#board.watch(service);
  }

  services() {
    return this.#board.services();
  }

  connect(env: Env): Registry {
    return new MemoryRegistry(this.#hub, env);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const registration of [...this.#own]) await registration.deregister();
    this.#hub.boards.delete(this.#board);
  }
}
