/**
 * Asks the servers of this machine. Node's resolver takes the first answer for good, also SERVFAIL and REFUSED, and loses
 * answers when hundreds of questions are asked at once. So each server has a resolver of its own here: when one fails, the
 * next is asked, and the one that failed is asked last for a while. At most {@link DnsRegistryOptions.maxQuestions}
 * questions are under way.
 */
import { cancellable, type Env, messageOf, settleWithin } from '@fwk/kernel';
import type { DnsAddress, DnsRegistryOptions, DnsResolver, DnsTarget } from './dns-options.js';
import { type Reply, saysNone, saysSilent } from './reply.js';
import { candidatesOf } from './resolv-conf.js';
import { ServerSettings } from './server-settings.js';
import { Slots } from './slots.js';

/** Questions that find no server at all are asked once more, since a datagram may be lost. */
const ROUNDS = 2;
/** Names that one server is remembered to fail for. */
const MAX_REMEMBERED = 1000;
/** Stands for all names of a server that does not answer at all. */
const ALL = '';

interface Server {
  /** Undefined for a resolver that was given. */
  readonly address: string | undefined;
  readonly resolver: DnsResolver & { cancel?(): void };
  /** Until when it is asked last, by the name that it failed for. */
  readonly failing: Map<string, number>;
}

type Ask<T> = (resolver: DnsResolver) => Promise<readonly T[]>;

/** The servers that are asked, shared by all services of a registry. */
export class NameServers {
  readonly #options: DnsRegistryOptions;
  readonly #env: Env;
  readonly #slots: Slots;
  #opened: Promise<() => Promise<readonly Server[]>> | undefined;
  #settings: ServerSettings | undefined;
  #servers: readonly Server[] = [];
  /** Ends with the registry. */
  readonly #life = cancellable();
  #closed = false;

  constructor(options: DnsRegistryOptions, env: Env) {
    this.#options = options;
    this.#env = env;
    this.#slots = new Slots(options.maxQuestions);
  }

  addresses(family: 4 | 6, name: string): Promise<Reply<DnsAddress>> {
    const kind = family === 4 ? 'resolve4' : 'resolve6';
    return this.#ask(name, (resolver) => resolver[kind](name, { ttl: true }));
  }

  targets(name: string): Promise<Reply<DnsTarget>> {
    return this.#ask(name, (resolver) => resolver.resolveSrv(name));
  }

  /** The names that a configured one may stand for, in the order in which they are to be tried. */
  async candidates(name: string): Promise<readonly string[]> {
    const { resolver, search = [], ndots = 1 } = this.#options;
    if (resolver) return candidatesOf(name, { search, ndots });
    await this.#open();
    return candidatesOf(name, (await this.#settings?.current()) ?? { search, ndots });
  }

  close(): void {
    this.#closed = true;
    this.#life.cancel();
    for (const { address, resolver } of this.#servers) if (address !== undefined) resolver.cancel?.();
  }

  #ask<T>(name: string, ask: Ask<T>): Promise<Reply<T>> {
    return this.#slots.run(async () => {
      try {
        return await this.#askAll(name, ask, await (await this.#open())());
      } catch (error) {
        return { kind: 'failed', problem: messageOf(error), silent: true };
      }
    });
  }

  async #askAll<T>(name: string, ask: Ask<T>, servers: readonly Server[]): Promise<Reply<T>> {
    const nowMs = this.#env.clock.now();
    const failing = servers.filter((server) => isFailing(server, name, nowMs));
    const ordered = [...servers.filter((server) => !failing.includes(server)), ...failing];
    const rounds = servers.every((server) => isFailing(server, ALL, nowMs)) ? 1 : ROUNDS;
    let problems: string[] = [];
    for (let round = 0; round < rounds; round++) {
      problems = [];
      let silent = true;
      for (const server of ordered) {
        if (this.#closed) break;
        try {
          const [first, ...others] = await this.#limited(ask(server.resolver));
          server.failing.delete(ALL);
          server.failing.delete(name);
          return first === undefined ? { kind: 'none' } : { kind: 'records', records: [first, ...others] };
        } catch (error) {
          if (saysNone(error)) return { kind: 'none' };
          silent &&= saysSilent(error);
          this.#remember(server, saysSilent(error) ? ALL : name);
          problems.push(`${server.address === undefined ? '' : `${server.address}: `}${messageOf(error)}`);
        }
      }
      if (!silent || this.#closed) return { kind: 'failed', problem: problems.join('; '), silent: false };
    }
    return { kind: 'failed', problem: problems.join('; ') || 'no name server is known', silent: true };
  }

  /** A server that refuses one name may be the only one that knows another: only silence counts for all names. */
  #remember(server: Server, name: string): void {
    if (server.failing.size >= MAX_REMEMBERED) server.failing.clear();
    server.failing.set(name, this.#env.clock.now() + this.#options.avoidServerMs);
  }

  /** By a timer of our own: Node's resolver rounds its time-outs up to whole seconds and beyond. */
  #limited<T>(work: Promise<T>): Promise<T> {
    const { clock } = this.#env;
    const { timeoutMs } = this.#options;
    return settleWithin(work, {
      clock,
      limitMs: timeoutMs,
      context: this.#life.context,
      inBackground: true,
      late() {
        throw Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEOUT' });
      },
    });
  }

  #open(): Promise<() => Promise<readonly Server[]>> {
    this.#opened ??= this.#make();
    return this.#opened;
  }

  /** Answers how to get the servers that are now in force. */
  async #make(): Promise<() => Promise<readonly Server[]>> {
    const { resolver, timeoutMs } = this.#options;
    if (resolver) {
      const given: Server = { address: undefined, resolver, failing: new Map() };
      return async () => [given];
    }
    const { Resolver } = await import('node:dns/promises');
    this.#settings = new ServerSettings(this.#options, this.#env, () => new Resolver().getServers());
    const server = (address: string): Server => {
      const own = new Resolver({ timeout: timeoutMs, tries: 1 });
      own.setServers([address]);
      return { address, resolver: own, failing: new Map() };
    };
    return async () => {
      const { servers = [] } = (await this.#settings?.current()) ?? {};
      if (servers.join() === this.#servers.map(({ address }) => address).join()) return this.#servers;
      this.#servers = servers.map(
        (address) => this.#servers.find((known) => known.address === address) ?? server(address),
      );
      return this.#servers;
    };
  }
}

function isFailing({ failing }: Server, name: string, nowMs: number): boolean {
  return Math.max(failing.get(name) ?? 0, failing.get(ALL) ?? 0) > nowMs;
}
