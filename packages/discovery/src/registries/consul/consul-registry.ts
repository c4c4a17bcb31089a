/**
 * The registry across machines: Consul, by the agent of this machine. What this process registers is kept alive by
 * reports, and registered again when the agent has forgotten it; what it watches is asked for by questions that Consul
 * holds until something changes. While the agent is away, lists stay as they were, marked stale with the reason.
 *
 * One loop, the pulse, decides whether the agent is there: it reports that the instances live, or just asks, and whoever
 * else meets a failure makes it look at once. Losing and regaining are its words alone.
 */
import {
  background,
  backoffBound,
  type CallContext,
  cancellable,
  type Env,
  type HealthReport,
  jittered,
  type Live,
  makeEnv,
  messageOf,
  TokenBucket,
} from '@fwk/kernel';
import { ConsulClient, consulAddressOf, Pause, tokenSource } from '@fwk/kernel/consul';
import { RegistryClosedError } from '../../errors.js';
import type { Instance } from '../../instance.js';
import type { Registration, Registry, RegistryConnection, ServicesWatch, Watch } from '../../registry.js';
import { Connection } from '../connection.js';
import { type InstanceWriter, OwnInstances } from '../own-instances.js';
import { checkConsulOptions } from './check-consul-options.js';
import type { ConsulOptions } from './consul-options.js';
import { ConsulWatches } from './consul-watches.js';
import { ConsulWriter } from './consul-writer.js';
import { registryErrors } from './registry-errors.js';

/** Share of the time to live after which it is renewed, and how much that varies. */
const RENEW_SHARE = 1 / 3;
const RENEW_JITTER = 0.2;
const FIRST_PAUSE_MS = 50;
/** How often others may make the pulse look. */
const SUSPECT_BURST = 2;
const SUSPECT_PACE_MS = 500;

/**
 * Makes a registry on Consul. Nothing happens before something is registered or watched; files of TLS that cannot be used
 * are refused then, by `FWK_KERNEL_TLS_INVALID`.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function consulRegistry(options?: Partial<ConsulOptions>, env?: Partial<Env>): Registry {
  return new ConsulRegistry(checkConsulOptions(options, process.env), makeEnv(env));
}

class ConsulRegistry implements Registry {
  readonly name: string;
  readonly #options: ConsulOptions;
  readonly #env: Env;
  readonly #life = cancellable();
  readonly #client: ConsulClient;
  readonly #watches: ConsulWatches;
  readonly #own: OwnInstances;
  readonly #connection: Connection;
  readonly #pause: Pause;
  readonly #suspicions: TokenBucket;
  #writer: ConsulWriter | undefined;
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ConsulOptions, env: Env) {
    this.#options = options;
    this.#env = env;
    this.name = `consul ${consulAddressOf(options).label}`;
    this.#client = new ConsulClient(
      options,
      tokenSource(options, env.logger, () => this.#watches.restart()),
      env,
      registryErrors,
    );
    this.#watches = new ConsulWatches({ client: this.#client, options, env, suspect: () => this.#suspect() });
    this.#own = new OwnInstances(env);
    this.#connection = new Connection(this.name, env);
    this.#pause = new Pause(env.clock);
    this.#suspicions = new TokenBucket({ burst: SUSPECT_BURST, perMs: 1 / SUSPECT_PACE_MS }, env.clock.now());
  }

  get connection(): Live<RegistryConnection> {
    return this.#connection.live;
  }

  get tlsHealth(): HealthReport | undefined {
    return this.#client.tlsHealth;
  }

  async register(instance: Instance, context: CallContext = background): Promise<Registration> {
    if (this.#closing) throw new RegistryClosedError(this.name);
    this.#start();
    return this.#own.register(instance, context);
  }

  watch(service: string): Watch {
    this.#start();
    return this.#watches.watch(service);
  }

  services(): ServicesWatch {
    this.#start();
    return this.#watches.services();
  }

  connect(env: Env): Registry {
    return new ConsulRegistry(this.#options, env);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#writer?.hurry();
    await this.#own.leaveAll(new RegistryClosedError(this.name));
    this.#life.cancel(new RegistryClosedError(this.name));
    this.#watches.close();
    this.#client.close();
    await this.#running;
    this.#connection.closed();
  }

  /** @throws TlsInvalidError `FWK_KERNEL_TLS_INVALID` */
  #start(): void {
    if (this.#closing) return;
    this.#client.open();
    this.#running ??= this.#run().catch((error: unknown) => {
      if (!this.#life.context.cancelled) this.#env.logger.error({ err: error }, 'the Consul registry gave up');
    });
  }

  async #run(): Promise<void> {
    const { randomUUID } = await import('node:crypto');
    const writer = new ConsulWriter(this.#client, randomUUID(), this.#options, this.#env, () => this.#suspect());
    this.#writer = writer;
    if (this.#closing) writer.hurry();
    const { random } = this.#env;
    const { context } = this.#life;
    let failures = 0;
    let repairs = 0;
    while (!context.cancelled) {
      let pauseMs: number;
      try {
        const unknown = await writer.renew(this.#own.ids);
        if (context.cancelled) return;
        failures = 0;
        if (this.#connection.state === 'connected') this.#own.repair(unknown);
        else this.#answers(writer);
        const renewMs = this.#options.ttlMs * RENEW_SHARE;
        repairs = unknown.length > 0 ? repairs + 1 : 0;
        // What was put in again is looked at soon, less and less so if it does not help.
        pauseMs = repairs > 0 ? this.#pauseMs(repairs, renewMs) : jittered(renewMs, RENEW_JITTER, random);
      } catch (error) {
        if (context.cancelled) return;
        this.#lost(messageOf(error));
        pauseMs = this.#pauseMs(failures++, this.#options.maxPauseMs);
      }
      await this.#pause.wait(pauseMs, context);
    }
  }

  /** Up to the widest pause, which doubles with each failure in a row. */
  #pauseMs(failures: number, capMs: number): number {
    return jittered(backoffBound(failures, { baseMs: FIRST_PAUSE_MS, capMs }), 1, this.#env.random);
  }

  /** Somebody met a failure: the pulse looks at once, though not as often as there are failures. */
  #suspect(): void {
    if (this.#connection.state === 'connected' && this.#suspicions.reserve(this.#env.clock.now()) === 0)
      this.#pause.end();
  }

  #answers(writer: ConsulWriter): void {
    writer.doubt();
    const before = this.#connection.answers();
    this.#own.joined(this.#watched(writer));
    if (before === 'lost') this.#watches.regained();
  }

  /** The pulse looks again soon after what could not be written, and repairs it. */
  #watched(writer: ConsulWriter): InstanceWriter {
    const watched = async (id: string, work: () => Promise<void>) => {
      const before = writer.troubles;
      try {
        await work();
      } catch (error) {
        this.#tell(id, messageOf(error), before);
        this.#suspect();
        throw error;
      } finally {
        this.#connection.refuses(writer.troubles[0]);
      }
    };
    return {
      register: (instance) => watched(instance.id, () => writer.register(instance)),
      deregister: (id) => watched(id, () => writer.deregister(id)),
    };
  }

  /** Once for each reason: it is tried again and again. */
  #tell(instance: string, reason: string, before: readonly string[]): void {
    if (this.#closing || before.includes(reason)) return;
    this.#env.logger.warn({ registry: this.name, instance, reason }, 'Consul did not take what was registered');
  }

  #lost(reason: string): void {
    this.#watches.lost(reason);
    this.#own.lost();
    if (this.#connection.lost(reason) !== 'connected') return;
    this.#env.logger.warn({ registry: this.name, reason }, 'Consul is lost; the last lists stay in use');
  }
}
