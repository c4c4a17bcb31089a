/**
 * Keeps ids unique over all agents. Each agent is the master of what is registered with it and knows an id once, so it is
 * asked first. Between agents, whom the servers have known longer has the id: `CreateIndex` puts all registrations into one
 * order without anybody's clock. Any server's state is a beginning of that order, so whoever finds its own registration in
 * an answer finds there everybody who came before, though the server lag behind; that is why all is asked by `stale`.
 *
 * What an agent is told reaches the servers a moment later. Somebody who is in the way is therefore looked at for a while
 * before it counts, and after registering we wait to be seen. What the servers could not say then, or what two halves of a
 * network did apart, is found out by looking again now and then.
 */
import { background, type CallContext, cancellable, type Env, messageOf, sleep } from '@fwk/kernel';
import type { AskConsul } from '@fwk/kernel/consul';
import { DuplicateInstanceError } from '../../errors.js';
import type { Instance } from '../../instance.js';
import { describeInstance } from '../describe-instance.js';
import { AgentCalls } from './agent-calls.js';
import { type HealthCheck, type Holding, isRecord, readChecks, readHoldings, readPairs } from './health-entries.js';
import { holderKey } from './meta.js';

/** Between looks at what may be on its way from an agent to the servers; by then it has arrived, or does not come. */
const TRANSIT_PAUSES_MS = [20, 60, 200, 500, 800];

/** What the agent itself knows of an id. */
export interface Standing {
  /** Undefined when it is not readable. */
  readonly instance: Instance | undefined;
  /** False when it has not reported for too long. */
  readonly alive: boolean;
  readonly holder: string | undefined;
  readonly checks: readonly HealthCheck[];
  /** The name of the agent's node; undefined where no check says it. */
  readonly node: string | undefined;
}

/** Who came first, as far as the servers can say by now: we, or somebody else. */
export type Verdict = 'first' | 'unknown' | 'overtaken';

/** Asks who has an id, for one process, through one agent. What comes of the answers stands in the record of the instance. */
export class IdClaims {
  readonly #client: AskConsul;
  readonly #agent: AgentCalls;
  readonly #holder: string;
  readonly #env: Env;
  readonly #haste = cancellable();

  /** @param holder - a name of this process that no other has. */
  constructor(client: AskConsul, holder: string, env: Env) {
    this.#client = client;
    this.#agent = new AgentCalls(client);
    this.#holder = holder;
    this.#env = env;
  }

  /** What is claimed is about to be taken out: claims that are under way, and those to come, end at once and fail. */
  hurry(): void {
    this.#haste.cancel(this.#client.unavailable('this process takes out what it is registering'));
  }

  /** @throws RegistryUnavailableError once it is hurried, so that nothing more is begun for what is about to be taken out. */
  checkHaste(): void {
    if (this.#haste.context.cancelled) throw this.#haste.context.reason;
  }

  /** What the agent knows of an id, before the servers do; undefined when it does not know it. */
  async standing(id: string, context: CallContext = background): Promise<Standing | undefined> {
    const path = `/agent/health/service/id/${encodeURIComponent(id)}`;
    const answer = await this.#client.ask({ path, also: [404, 429, 503], context });
    if (answer.status === 404) return undefined;
    const found = this.#client.parse(answer.text);
    if (!isRecord(found) || !isRecord(found.Service)) return undefined;
    const checks = readChecks(found.Checks);
    const [holding] = readHoldings([{ Service: found.Service, Checks: found.Checks }]);
    const { instance, alive = true } = holding ?? {};
    const node = checks.find((check) => check.node !== '')?.node;
    return { instance, alive, holder: readPairs(found.Service.Meta)[holderKey], checks, node };
  }

  /**
   * Before registering: makes sure that nobody else who is alive has the id.
   * @param patient - waits a while for whoever is in the way, who may be on their way out.
   * @returns what the agent knows of it.
   * @throws DuplicateInstanceError
   */
  async claim(instance: Instance, patient: boolean): Promise<Standing | undefined> {
    const here = await this.standing(instance.id, this.#haste.context);
    if (here?.holder === this.#holder) return here;
    if (here?.alive && here.instance && !isAt(here.instance, instance)) refuse(instance, here.instance);
    for (const other of await this.#alike(instance.id)) await this.#displace(instance, other);
    const isFree = (found: readonly Holding[]) => this.#rivals(instance, found).length === 0;
    const all = patient ? await this.#settled(instance, isFree) : await this.#everywhere(instance);
    const [rival] = this.#rivals(instance, all ?? []);
    if (rival) refuse(instance, rival.instance);
    return here;
  }

  /**
   * After registering: waits until the servers know of it, and makes sure that nobody came first. While they cannot say,
   * nobody did: the agent works without them.
   * @throws DuplicateInstanceError when it must be taken out again.
   */
  async prove(instance: Instance): Promise<'first' | 'unknown'> {
    const all = await this.#settled(instance, (found) => this.#judge(instance, found) === 'first');
    const judged = this.#judge(instance, all);
    if (typeof judged === 'object') refuse(instance, judged.instance);
    // Of two that came at once the same one gives way at both.
    for (const other of await this.#alike(instance.id)) if (other < instance.id) await this.#displace(instance, other);
    return judged;
  }

  /** Asks the servers once whether somebody has come first. */
  async look(instance: Instance): Promise<Verdict> {
    const judged = this.#judge(instance, await this.#everywhere(instance));
    return typeof judged === 'object' ? 'overtaken' : judged;
  }

  /** @returns who came first when it was somebody else. */
  #judge(instance: Instance, all: readonly Holding[] | undefined): 'first' | 'unknown' | Holding {
    const own = all?.find((each) => each.holder === this.#holder && isAt(each.instance, instance));
    if (!all || !own) return 'unknown';
    return this.#rivals(instance, all).find(({ since }) => since < own.since) ?? 'first';
  }

  /** Those who are alive elsewhere. One at the same place cannot be: we have its port. */
  #rivals(instance: Instance, all: readonly Holding[]): readonly Holding[] {
    return all.filter((each) => each.holder !== this.#holder && each.alive && !isAt(each.instance, instance));
  }

  /**
   * Ids at this agent that differ in case only. The agent tells them apart and the servers do not: they keep the facts of
   * whichever was written last, and drop both when either is taken out.
   */
  async #alike(id: string): Promise<readonly string[]> {
    const filter = `ID matches ${JSON.stringify(`(?i)^${id.replaceAll('.', '[.]')}$`)}`;
    const found = await this.#client.json({ path: '/agent/services', query: { filter }, context: this.#haste.context });
    return isRecord(found) ? Object.keys(found).filter((other) => other !== id) : [];
  }

  /** Takes the place of an id that the servers take for the same, unless whoever has it is alive. */
  async #displace(instance: Instance, other: string): Promise<void> {
    const holder = await this.standing(other, this.#haste.context);
    if (holder?.alive && holder.instance && !isAt(holder.instance, instance)) refuse(instance, holder.instance);
    await this.#agent.deregister(other);
  }

  /** Asks until an answer is final, or as long as something may be on its way. */
  async #settled(
    instance: Instance,
    isFinal: (all: readonly Holding[]) => boolean,
  ): Promise<readonly Holding[] | undefined> {
    for (const pauseMs of TRANSIT_PAUSES_MS) {
      const all = await this.#everywhere(instance);
      if (!all || isFinal(all)) return all;
      await sleep(this.#env.clock, pauseMs, this.#haste.context);
    }
    return this.#everywhere(instance);
  }

  /** What the servers know of an id at all agents; undefined while they cannot say. */
  async #everywhere({ id, service }: Instance): Promise<readonly Holding[] | undefined> {
    const path = `/health/service/${encodeURIComponent(service)}`;
    const query = { stale: 1, filter: `Service.ID == ${JSON.stringify(id)}` };
    try {
      const { text, led } = await this.#client.ask({ path, query, context: this.#haste.context });
      // The ids of what others registered are others.
      return led ? readHoldings(this.#client.parse(text)).filter(({ instance }) => instance.id === id) : undefined;
    } catch (error) {
      this.checkHaste();
      const fields = { reason: messageOf(error), instance: id };
      this.#env.logger.debug(fields, 'Consul does not say whether an id is taken elsewhere');
      return undefined;
    }
  }
}

function refuse(instance: Instance, holder: Instance): never {
  const alike = holder.id !== instance.id && holder.id.toLowerCase() === instance.id.toLowerCase();
  const known = alike ? `${holder.id} of ${describeInstance(holder)} (Consul ignores case)` : describeInstance(holder);
  throw new DuplicateInstanceError(instance.id, known, describeInstance(instance));
}

function isAt(a: Instance, b: Instance): boolean {
  return a.service === b.service && a.address === b.address && a.port === b.port;
}
