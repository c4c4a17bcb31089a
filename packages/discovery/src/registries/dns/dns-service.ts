import { type Env, messageOf, type Timer } from '@fwk/kernel';
import type { Watch } from '../../registry.js';
import { Catalog } from '../catalog.js';
import { replaceAll } from '../replace-all.js';
import { WatchBoard } from '../watch-board.js';
import type { DnsRegistryOptions, DnsResolver } from './dns-options.js';
import { type Answer, ServiceRecords } from './service-records.js';

/** What a service needs of its registry. */
export interface DnsHost {
  resolver(): Promise<DnsResolver>;
  /** Called after each answer. */
  told(): void;
}

/** One service that is asked for while it is watched. */
export class DnsService {
  /** Why the last answer was not whole; undefined while all is well. */
  problem: string | undefined;
  readonly #service: string;
  readonly #place: string | undefined;
  readonly #options: DnsRegistryOptions;
  readonly #env: Env;
  readonly #host: DnsHost;
  readonly #catalog = new Catalog();
  readonly #board: WatchBoard;
  #records: ServiceRecords | undefined;
  /** Records that were left out of the last answer. */
  #unreadable = '';
  #running = false;
  #timer: Timer | undefined;
  #freshUntilMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(service: string, place: string | undefined, options: DnsRegistryOptions, env: Env, host: DnsHost) {
    this.#service = service;
    this.#place = place;
    this.#options = options;
    this.#env = env;
    this.#host = host;
    this.#board = new WatchBoard(this.#catalog, place === undefined);
  }

  watch(): Watch {
    const watch = this.#board.watch(this.#service);
    this.#start();
    return watch;
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) this.#env.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #start(): void {
    if (this.#running || this.#closed || this.#place === undefined) return;
    this.#running = true;
    this.#sleep(Math.max(0, this.#freshUntilMs - this.#env.clock.now()));
  }

  #sleep(delayMs: number): void {
    this.#timer = this.#env.clock.setTimer(
      () => {
        // Nobody watches any more: the next one who does starts it again.
        if (this.#board.watched) void this.#ask();
        else this.#running = false;
      },
      delayMs,
      true,
    );
  }

  async #ask(): Promise<void> {
    const answer = await this.#answer();
    if (this.#closed) return;
    this.#apply(answer);
    const { clock, random } = this.#env;
    const pauseMs = answer.againMs * (1 - this.#options.jitter * random());
    this.#freshUntilMs = clock.now() + pauseMs;
    this.#host.told();
    this.#sleep(pauseMs);
  }

  async #answer(): Promise<Answer> {
    try {
      const place = this.#place as string;
      this.#records ??= new ServiceRecords(this.#service, place, await this.#host.resolver(), this.#options);
      return await this.#records.ask();
    } catch (error) {
      return { instances: [], againMs: this.#options.retryMs, problem: messageOf(error), failed: true, unreadable: [] };
    }
  }

  #apply({ instances, problem, failed, unreadable }: Answer): void {
    this.#tell(unreadable.join('; '));
    if (instances.length > 0) this.#board.publish(replaceAll(this.#catalog, instances, 'dns'));
    if (instances.length > 0 || !failed) this.#board.known.set(true);
    const before = this.problem;
    this.problem = problem;
    if (problem === undefined) {
      this.#board.markFresh();
      return;
    }
    this.#board.markStale(`DNS: ${problem}`, this.#env.clock.wallTime());
    const { logger } = this.#env;
    if (problem !== before)
      logger.warn({ service: this.#service, problem }, 'DNS is not followed; the last list stays');
  }

  /** Once for each set of records that cannot be used; the others are. */
  #tell(unreadable: string): void {
    if (unreadable === this.#unreadable) return;
    this.#unreadable = unreadable;
    if (unreadable) this.#env.logger.warn({ service: this.#service, unreadable }, 'DNS records are left out');
  }
}
