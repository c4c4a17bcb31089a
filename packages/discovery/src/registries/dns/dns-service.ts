import { type Env, messageOf, type Timer } from '@fwk/kernel';
import type { Instance } from '../../instance.js';
import type { Watch } from '../../registry.js';
import { Catalog } from '../catalog.js';
import { replaceAll } from '../replace-all.js';
import { WatchBoard } from '../watch-board.js';
import type { DnsRegistryOptions } from './dns-options.js';
import type { NameServers } from './name-servers.js';
import { Pace } from './pace.js';
import { type RecordsAnswer, ServiceRecords } from './service-records.js';
import { Suspicions } from './suspicions.js';

/** One service that is asked for while it is watched. */
export class DnsService {
  /** Why the last answer was not whole; undefined while all is well. */
  problem: string | undefined;
  readonly #service: string;
  readonly #options: DnsRegistryOptions;
  readonly #env: Env;
  readonly #told: () => void;
  readonly #catalog = new Catalog();
  readonly #board: WatchBoard;
  readonly #suspicions: Suspicions;
  /** Undefined for a service that has no name: nobody is behind it. */
  readonly #records: ServiceRecords | undefined;
  /** What was wrong with a part of the last answer. */
  #flaws = '';
  #running = false;
  #timer: Timer | undefined;
  #dueMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  /**
   * @param place - `host:port`, or the name of SRV records; undefined where none was configured.
   * @param told - called after each answer.
   */
  constructor(
    service: string,
    place: string | undefined,
    options: DnsRegistryOptions,
    env: Env,
    servers: NameServers,
    told: () => void,
  ) {
    this.#service = service;
    this.#options = options;
    this.#env = env;
    this.#told = told;
    this.#suspicions = new Suspicions(options, env);
    this.#board = new WatchBoard(this.#catalog, place === undefined);
    if (place !== undefined)
      this.#records = new ServiceRecords(service, place, servers, options, new Pace(options, env));
  }

  watch(): Watch {
    const watch = this.#board.watch(this.#service);
    if (!this.#running && this.#records && !this.#closed) {
      this.#running = true;
      this.#sleep();
    }
    return { ...watch, suspect: (instance) => this.#suspect(instance) };
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Connections to it fail: what led to it may have changed before its TTL is over. */
  #suspect({ id, address }: Instance): void {
    if (this.#closed || !this.#catalog.get(id)) return;
    this.#suspicions.add(address);
    // Without a timer a question is under way: what is still suspected after it is asked for again.
    if (!this.#timer || this.#suspicions.dueMs >= this.#dueMs) return;
    this.#wake();
    this.#sleep();
  }

  #wake(): void {
    if (this.#timer) this.#env.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #sleep(): void {
    const { clock } = this.#env;
    this.#dueMs = Math.min(this.#dueMs, this.#suspicions.dueMs);
    this.#timer = clock.setTimer(
      () => {
        this.#timer = undefined;
        // Nobody watches any more: the next one who does starts it again.
        if (this.#board.watched) void this.#ask();
        else this.#running = false;
      },
      Math.max(0, this.#dueMs - clock.now()),
      true,
    );
  }

  async #ask(): Promise<void> {
    const suspects = this.#suspicions.take();
    const answer = await this.#answer(suspects);
    if (this.#closed) return;
    const changed = this.#apply(answer);
    this.#suspicions.answered(
      answer.asked,
      suspects.size > 0 && !changed,
      new Set(answer.instances.map(({ address }) => address)),
    );
    // Hosts whose TTLs end one after the other are asked for together.
    const { minTtlMs, retryMs, jitter } = this.#options;
    this.#dueMs = Math.max(answer.dueMs, this.#env.clock.now() + Math.min(minTtlMs, retryMs) * (1 - jitter));
    this.#told();
    this.#sleep();
  }

  async #answer(suspects: ReadonlySet<string>): Promise<RecordsAnswer> {
    try {
      return await (this.#records as ServiceRecords).ask(suspects);
    } catch (error) {
      const dueMs = this.#env.clock.now() + this.#options.retryMs;
      return {
        instances: [],
        dueMs,
        asked: 0,
        problem: messageOf(error),
        failed: true,
        unreadable: [],
        unresolved: [],
      };
    }
  }

  /** @returns whether the list has changed. */
  #apply({ instances, problem, failed, unreadable, unresolved }: RecordsAnswer): boolean {
    this.#tell(unreadable.join('; '), unresolved.join('; '));
    const changed = instances.length > 0 ? replaceAll(this.#catalog, instances, 'dns') : none;
    if (instances.length > 0) this.#board.publish(changed);
    if (instances.length > 0 || !failed) this.#board.known.set(true);
    const before = this.problem;
    this.problem = problem;
    if (problem === undefined) {
      this.#board.markFresh();
      return changed.size > 0;
    }
    this.#board.markStale(`DNS: ${problem}`, this.#env.clock.wallTime());
    const { logger } = this.#env;
    if (problem !== before)
      logger.warn({ service: this.#service, problem }, 'DNS is not followed; the last list stays');
    return changed.size > 0;
  }

  /** Once for each set of records that cannot be used; the others are. */
  #tell(unreadable: string, unresolved: string): void {
    const flaws = `${unreadable} ${unresolved}`;
    if (flaws === this.#flaws) return;
    this.#flaws = flaws;
    const fields = { ...(unreadable && { unreadable }), ...(unresolved && { unresolved }) };
    if (flaws !== ' ') this.#env.logger.warn({ service: this.#service, ...fields }, 'DNS records are left out');
  }
}

const none: ReadonlySet<string> = new Set();
