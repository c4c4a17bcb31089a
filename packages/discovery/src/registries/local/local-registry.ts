/**
 * The registry of one machine, with nothing to set up: the first process that can bind the port serves it, the others
 * connect and watch by a stream. When the serving process ends, the others notice by their closed stream, race for the
 * port, and register again with whoever wins; lists stay as they were meanwhile. The serving process uses its own registry
 * as everybody else does, over HTTP, so that there is one way for all. Programs of one user speak by a Unix socket that only
 * they can open; with a token, all who know it speak by the port.
 *
 * A serving process that hangs keeps the port, so nobody can take over: its clients run into the limits of their renewals,
 * mark what they know as stale and go on with it until it answers again or ends. Every process keeps a full copy of the
 * catalog, which is right for one machine and wrong for a data centre: use Consul there.
 */
import {
  background,
  backoffBound,
  type CallContext,
  cancellable,
  type Env,
  isFwkError,
  jittered,
  type Live,
  makeEnv,
  messageOf,
  sleep,
} from '@fwk/kernel';
import { RegistryClosedError, RegistryUnavailableError } from '../../errors.js';
import { checkInstanceId, type Instance } from '../../instance.js';
import type { Overrides, Registration, Registry, RegistryConnection, ServicesWatch, Watch } from '../../registry.js';
import type { Catalog } from '../catalog.js';
import { Connection } from '../connection.js';
import { OwnInstances } from '../own-instances.js';
import { Belief } from './belief.js';
import { checkLocalOptions, type LocalRegistryOptions } from './local-options.js';
import { addressCheck } from './networks.js';
import { RegistryClient } from './registry-client.js';
import { openRegistry, type RegistryServer } from './registry-server.js';
import { Replica } from './replica.js';
import { Snapshot } from './snapshot.js';
import type { StreamMessage } from './stream-intake.js';

/** Share of the lease after which it is renewed, and how much that varies. */
const RENEW_SHARE = 1 / 3;
const RENEW_JITTER = 0.2;
/** Losers of a race for the port must not come in step, winners must not wait. */
const FIRST_PAUSE_MS = 10;
/** Pause after a renewal that failed. */
const SUSPECT_PAUSE_MS = 200;

/**
 * Makes the embedded registry's face in this process. Nothing happens before something is registered or watched.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function localRegistry(options?: Partial<LocalRegistryOptions>, env?: Partial<Env>): Registry {
  return new LocalRegistry(checkLocalOptions(options, process.env), makeEnv(env));
}

class LocalRegistry implements Registry {
  readonly name: string;
  readonly overrides: Overrides;
  readonly #options: LocalRegistryOptions;
  readonly #env: Env;
  readonly #life = cancellable();
  readonly #snapshot: Snapshot;
  readonly #replica: Replica;
  readonly #own: OwnInstances;
  readonly #connection: Connection;
  #server: RegistryServer | undefined;
  #client: RegistryClient | undefined;
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: LocalRegistryOptions, env: Env) {
    this.#options = options;
    this.#env = env;
    this.name = `local ${options.host}:${options.port}`;
    this.#snapshot = new Snapshot(options, env);
    const told = (catalog: Catalog) => {
      // Serving, the registry itself knows sooner.
      if (!this.#server) this.#snapshot.changed(catalog);
    };
    const belief = new Belief(addressCheck(options.networks, options.host, env.clock), env.logger);
    this.#replica = new Replica(env.clock, options, told, belief);
    this.#own = new OwnInstances(env);
    this.#connection = new Connection(this.name, env);
    this.overrides = {
      set: async (id, override) => {
        checkInstanceId(id);
        await (await this.#reached()).override(id, override);
      },
      lift: async (id) => {
        checkInstanceId(id);
        return (await this.#reached()).lift(id);
      },
    };
  }

  get connection(): Live<RegistryConnection> {
    return this.#connection.live;
  }

  async register(instance: Instance, context: CallContext = background): Promise<Registration> {
    if (this.#closing) throw new RegistryClosedError(this.name);
    this.#start();
    return this.#own.register(instance, context);
  }

  watch(service: string): Watch {
    this.#start();
    return this.#replica.board.watch(service);
  }

  services(): ServicesWatch {
    this.#start();
    return this.#replica.board.services();
  }

  connect(env: Env): Registry {
    return new LocalRegistry(this.#options, env);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#own.leaveAll(new RegistryClosedError(this.name));
    this.#life.cancel(new RegistryClosedError(this.name));
    // First, so that the port is free before the others hear of it.
    await this.#server?.close();
    this.#client?.close();
    await this.#running;
    this.#replica.close();
    await this.#snapshot.close();
    this.#connection.closed();
  }

  #start(): void {
    if (this.#closing) return;
    this.#running ??= this.#run().catch((error: unknown) => {
      if (!this.#life.context.cancelled) this.#env.logger.error({ err: error }, 'the local registry gave up');
    });
  }

  async #run(): Promise<void> {
    const [{ randomUUID }, { Registrant }] = await Promise.all([import('node:crypto'), import('./session.js')]);
    const registrant = new Registrant(randomUUID());
    const { context } = this.#life;
    const client = new RegistryClient(registrant, this.#options, this.#env);
    this.#client = client;
    let failures = 0;
    while (!context.cancelled) {
      let reason: string;
      try {
        await this.#serve(registrant.identity.holder);
        if (context.cancelled) break;
        const { ended } = await client.watch(this.#replica.position, (messages) => this.#take(messages));
        failures = 0;
        reason = await this.#whileJoined(client, ended);
      } catch (error) {
        reason = messageOf(error);
        if (isRefusal(error)) this.#own.refuse(error);
      }
      if (context.cancelled) break;
      this.#lost(reason);
      const boundMs = backoffBound(failures++, { baseMs: FIRST_PAUSE_MS, capMs: this.#options.maxPauseMs });
      await sleep(this.#env.clock, jittered(boundMs, 1, this.#env.random), context);
    }
  }

  /** The client, once it is known whether anybody answers. */
  async #reached(): Promise<RegistryClient> {
    this.#start();
    const { live } = this.#connection;
    if (live.value.state === 'connecting') {
      await new Promise<void>((resolve) => {
        const waiting = live.subscribe(() => {
          waiting[Symbol.dispose]();
          resolve();
        });
      });
    }
    if (this.#closing) throw new RegistryClosedError(this.name);
    if (this.#client) return this.#client;
    throw new RegistryUnavailableError(`${this.#options.host}:${this.#options.port}`, 'nobody serves it yet');
  }

  /** Binds the port if nobody has it, and starts from what this process knows. */
  async #serve(holder: string): Promise<void> {
    if (!this.#options.serve || this.#server) return;
    const inherit = () => this.#replica.inheritance ?? this.#snapshot.read();
    const changed = (catalog: Catalog) => this.#snapshot.changed(catalog);
    const server = await openRegistry(holder, inherit, this.#options, this.#env, changed);
    if (!server) return;
    if (this.#life.context.cancelled) {
      await server.close();
      return;
    }
    this.#server = server;
    const { restored } = server;
    this.#env.events.emit('registry.took-over', { registry: this.name, restored });
    this.#env.logger.info({ registry: this.name, restored }, 'this process serves the registry of the machine');
  }

  /** Lists are fresh once the whole of them was told, which may be a while after the registry has answered. */
  #take(messages: readonly StreamMessage[]): void {
    const before = this.#replica.current;
    this.#replica.apply(messages);
    if (!before && this.#replica.current && this.#connection.state === 'connected') this.#replica.board.markFresh();
  }

  /** Registers everything and renews until the stream ends. Answers why it did. */
  async #whileJoined(client: RegistryClient, ended: Promise<string>): Promise<string> {
    this.#answers();
    this.#own.joined({
      register: (instance) => client.register(instance, this.#replica.forgottenOverride(instance.id)),
      deregister: (id) => client.deregister(id),
    });
    const joined = cancellable(this.#life.context);
    void this.#renew(client, joined.context);
    try {
      return await ended;
    } finally {
      joined.cancel();
      this.#own.lost();
      this.#replica.lost();
      joined[Symbol.dispose]();
    }
  }

  /** Renews leases, also with none to renew: the answer is how a registry that hangs is told from a quiet one. */
  async #renew(client: RegistryClient, context: CallContext): Promise<void> {
    const { clock, random } = this.#env;
    const ttlMs = this.#replica.server?.ttlMs ?? this.#options.ttlMs;
    let pauseMs = jittered(ttlMs * RENEW_SHARE, RENEW_JITTER, random);
    for (;;) {
      try {
        await sleep(clock, pauseMs, context);
      } catch {
        return;
      }
      try {
        this.#own.repair(await client.renew(this.#own.ids));
        if (context.cancelled) return;
        this.#answers();
        pauseMs = jittered(ttlMs * RENEW_SHARE, RENEW_JITTER, random);
      } catch (error) {
        if (context.cancelled) return;
        this.#lost(messageOf(error));
        pauseMs = SUSPECT_PAUSE_MS;
      }
    }
  }

  #answers(): void {
    if (this.#connection.state === 'connected') return;
    if (this.#replica.current) this.#replica.board.markFresh();
    this.#connection.answers();
  }

  #lost(reason: string): void {
    this.#replica.board.markStale(reason, this.#env.clock.wallTime());
    if (this.#connection.lost(reason) !== 'connected') return;
    this.#env.logger.warn({ registry: this.name, reason }, 'registry lost; the last lists stay in use');
  }
}

/** Whether a registry is there that does not take this process in: more than a loss, though it may change its mind. */
function isRefusal(error: unknown): boolean {
  return isFwkError(error, 'FWK_DISCOVERY_REGISTRY_DENIED') || isFwkError(error, 'FWK_DISCOVERY_REGISTRY_FULL');
}
