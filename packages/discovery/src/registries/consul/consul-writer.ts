/**
 * Writes this process's instances into the Consul agent and tells it that they live. The agent is the owner of what is
 * registered with it: it brings it to the servers, and brings it back when they forget it; what the agent itself forgets
 * by a restart, we register again.
 */
import type { Env } from '@fwk/kernel';
import { DuplicateInstanceError, InstanceInvalidError } from '../../errors.js';
import type { Instance } from '../../instance.js';
import { describeInstance } from '../describe-instance.js';
import type { InstanceWriter } from '../own-instances.js';
import { type Answer, type ConsulClient, wordsOf } from './consul-client.js';
import type { ConsulOptions } from './consul-options.js';
import { type HealthCheck, isRecord, readChecks, readHealthList, readPairs } from './health-entries.js';
import { holderKey } from './meta.js';
import { checkIdOf, checkStatusOf, definitionOf } from './service-definition.js';

/** Tells our own maintenance from an operator's, which only an operator may lift. */
const OUR_MAINTENANCE = 'fwk: the instance says that it is out of service';

/** The agent of this machine, as what this process registers sees it. */
export class ConsulWriter implements InstanceWriter {
  readonly #client: ConsulClient;
  readonly #holder: string;
  readonly #options: ConsulOptions;
  readonly #env: Env;
  /** What this process has put in, as it was last put. */
  readonly #put = new Map<string, Instance>();
  /** Ids that nobody else can have taken since they were looked at. */
  readonly #certain = new Set<string>();
  /** Ids that we ourselves have put into maintenance. */
  readonly #maintained = new Set<string>();

  /** @param holder - a name of this process that no other has. */
  constructor(client: ConsulClient, holder: string, options: ConsulOptions, env: Env) {
    this.#client = client;
    this.#holder = holder;
    this.#options = options;
    this.#env = env;
  }

  async register(instance: Instance): Promise<void> {
    const { id, status } = instance;
    if (!this.#certain.has(id)) await this.#claim(instance);
    const changed = `changed at ${new Date(this.#env.clock.wallTime()).toISOString()}`;
    const body = definitionOf(instance, this.#holder, changed, this.#options);
    this.#put.set(id, instance);
    const answer = await this.#client.ask({ method: 'PUT', path: '/agent/service/register', body, also: [400] });
    if (answer.status === 400) {
      this.#put.delete(id);
      throw new InstanceInvalidError(id, [`Consul says: ${wordsOf(answer)}`]);
    }
    this.#certain.add(id);
    // A check that was there before keeps its status whatever it is registered with.
    if (this.#options.check === 'ttl') await this.#report(instance);
    if (status === 'OUT_OF_SERVICE') await this.#maintain(id);
    else if (this.#maintained.has(id)) await this.#lift(id);
  }

  async deregister(id: string): Promise<void> {
    if (!this.#put.has(id)) return;
    const path = `/agent/service/deregister/${encodeURIComponent(id)}`;
    const answer = await this.#client.ask({ method: 'PUT', path, also: [404, 500] });
    if (answer.status === 500 && !says(answer, /unknown service/i)) throw this.#failed(answer);
    this.#put.delete(id);
    this.#certain.delete(id);
    this.#maintained.delete(id);
  }

  /**
   * Tells the agent that these instances live; with none to tell of, asks the cheapest question that needs no rights.
   * @returns the ids that the agent does not know.
   */
  async renew(ids: readonly string[]): Promise<readonly string[]> {
    if (!ids.some((id) => this.#put.has(id))) await this.#client.ask({ path: '/status/leader' });
    const known = await Promise.all(ids.map((id) => this.#renew(id)));
    const unknown = ids.filter((_id, index) => !known[index]);
    for (const id of unknown) this.#certain.delete(id);
    return unknown;
  }

  /** The agent was away: others may have taken ids meanwhile. */
  doubt(): void {
    this.#certain.clear();
  }

  /**
   * Answers false when the agent does not know the instance as ours. That is looked at before each report: an agent that
   * was restarted between two of them may hold another's instance of this id, which a report would keep alive.
   */
  async #renew(id: string): Promise<boolean> {
    const instance = this.#put.get(id);
    if (!instance || (await this.#standing(id))?.holder !== this.#holder) return false;
    return this.#options.check === 'http' || this.#report(instance);
  }

  /** Says that an instance lives. Answers false when the agent does not know it. */
  async #report({ id, status }: Instance): Promise<boolean> {
    const path = `/agent/check/update/${encodeURIComponent(checkIdOf(id))}`;
    const body = { Status: checkStatusOf(status) };
    const answer = await this.#client.ask({ method: 'PUT', path, body, also: [404, 500] });
    if (answer.status === 500 && !says(answer, /does not have associated TTL|unknown check/i))
      throw this.#failed(answer);
    return answer.status === 200;
  }

  /**
   * Makes sure that nobody else who is alive has the id. One at the same place cannot be alive: we have its port.
   * @throws DuplicateInstanceError
   */
  async #claim(instance: Instance): Promise<void> {
    const { id, service } = instance;
    const [here, everywhere] = await Promise.all([this.#standing(id), this.#elsewhere(service, id)]);
    if (here?.checks.some(({ notes }) => notes === OUR_MAINTENANCE)) this.#maintained.add(id);
    const ours = here?.holder === this.#holder;
    // The agent knows one of each id, whoever registered it; elsewhere the ids of others are other ids.
    const alive = everywhere.filter((other) => other.id === id && other.status !== 'DOWN');
    if (here?.alive && here.instance) alive.push(here.instance);
    const holder = alive.find((other) => !isAt(other, instance));
    if (!holder || ours) return;
    // Neither its check nor its registration is ours to touch any more.
    this.#put.delete(id);
    throw new DuplicateInstanceError(id, describeInstance(holder), describeInstance(instance));
  }

  /** What the servers know of an id at all agents. While they cannot say, nobody has it: the agent works without them. */
  async #elsewhere(service: string, id: string): Promise<readonly Instance[]> {
    const path = `/health/service/${encodeURIComponent(service)}`;
    const query = { stale: 1, filter: `Service.ID == ${JSON.stringify(id)}` };
    try {
      return readHealthList(await this.#client.json({ path, query })).instances;
    } catch (error) {
      this.#env.logger.debug({ err: error, instance: id }, 'Consul does not say whether an id is taken elsewhere');
      return [];
    }
  }

  /** What the agent itself knows of an id, before the servers do. */
  async #standing(id: string): Promise<Standing | undefined> {
    const path = `/agent/health/service/id/${encodeURIComponent(id)}`;
    const answer = await this.#client.ask({ path, also: [404, 429, 503] });
    if (answer.status === 404) return undefined;
    const found = this.#client.parse(answer.text);
    if (!isRecord(found) || !isRecord(found.Service)) return undefined;
    const checks = readChecks(found.Checks);
    const [instance] = readHealthList([{ Service: found.Service, Checks: found.Checks }]).instances;
    const dead = checks.some((check) => check.id === checkIdOf(id) && check.status === 'critical');
    return { instance, alive: !dead, holder: readPairs(found.Service.Meta)[holderKey], checks };
  }

  async #maintain(id: string): Promise<void> {
    await this.#setMaintenance(id, { enable: 'true', reason: OUR_MAINTENANCE });
    this.#maintained.add(id);
  }

  async #lift(id: string): Promise<void> {
    const standing = await this.#standing(id);
    if (standing?.checks.some(({ notes }) => notes === OUR_MAINTENANCE)) {
      await this.#setMaintenance(id, { enable: 'false' });
    }
    this.#maintained.delete(id);
  }

  async #setMaintenance(id: string, query: Readonly<Record<string, string>>): Promise<void> {
    const path = `/agent/service/maintenance/${encodeURIComponent(id)}`;
    await this.#client.ask({ method: 'PUT', path, query });
  }

  #failed(answer: Answer): Error {
    return this.#client.unavailable(`it answered with status ${answer.status}: ${wordsOf(answer)}`);
  }
}

interface Standing {
  /** Undefined when it is not readable. */
  readonly instance: Instance | undefined;
  /** False when it has not reported for too long. */
  readonly alive: boolean;
  readonly holder: string | undefined;
  readonly checks: readonly HealthCheck[];
}

function isAt(a: Instance, b: Instance): boolean {
  return a.service === b.service && a.address === b.address && a.port === b.port;
}

function says({ text }: Answer, words: RegExp): boolean {
  return words.test(text);
}
