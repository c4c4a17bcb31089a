/**
 * Writes this process's instances into the Consul agent and tells it that they live. The agent is the owner of what is
 * registered with it: it brings it to the servers, and brings it back when they forget it; what the agent itself forgets
 * by a restart, we register again.
 */
import type { Env } from '@fwk/kernel';
import { DuplicateInstanceError, InstanceInvalidError } from '../../errors.js';
import type { Instance } from '../../instance.js';
import type { InstanceWriter } from '../own-instances.js';
import { CatalogLook } from './catalog-look.js';
import { type ConsulAnswer, type ConsulClient, wordsOf } from './consul-client.js';
import type { ConsulOptions } from './consul-options.js';
import { type HealthCheck, isMaintenance, isUntouched } from './health-entries.js';
import { IdClaims } from './id-claims.js';
import { checkIdOf, checkStatusOf, definitionOf, notesOfFailing, outOfServiceCheckIdOf } from './service-definition.js';

/** The agent of this machine, as what this process registers sees it. */
export class ConsulWriter implements InstanceWriter {
  readonly #client: ConsulClient;
  readonly #holder: string;
  readonly #options: ConsulOptions;
  readonly #env: Env;
  /** What this process has put in, as it was last put. */
  readonly #known = new Map<string, Instance>();
  readonly #claims: IdClaims;
  /** Ids that are being registered, of which nobody can say yet whether the agent knows them. */
  readonly #underWay = new Set<string>();
  /** Ids whose check was critical when it was last looked at. */
  readonly #failing = new Set<string>();
  /** Ids with a check that says that they are out of service. */
  readonly #outOfService = new Set<string>();
  readonly #catalog: CatalogLook;

  /**
   * @param holder - a name of this process that no other has.
   * @param suspect - makes the pulse renew at once.
   */
  constructor(client: ConsulClient, holder: string, options: ConsulOptions, env: Env, suspect: () => void) {
    this.#claims = new IdClaims(client, holder, env);
    this.#catalog = new CatalogLook(client, env, suspect);
    this.#client = client;
    this.#holder = holder;
    this.#options = options;
    this.#env = env;
  }

  async register(instance: Instance): Promise<void> {
    this.#underWay.add(instance.id);
    try {
      await this.#register(instance);
    } finally {
      this.#underWay.delete(instance.id);
    }
  }

  async deregister(id: string): Promise<void> {
    if (!this.#known.has(id)) return;
    const path = `/agent/service/deregister/${encodeURIComponent(id)}`;
    const answer = await this.#client.ask({ method: 'PUT', path, also: [404, 500] });
    if (answer.status === 500 && !says(answer, /unknown service/i)) throw this.#failed(answer);
    this.#known.delete(id);
    this.#claims.doubt(id);
    this.#failing.delete(id);
    this.#outOfService.delete(id);
  }

  /**
   * Tells the agent that these instances live; with none to tell of, asks the cheapest question that needs no rights.
   * @returns the ids that the agent, or the servers, do not know.
   */
  async renew(ids: readonly string[]): Promise<readonly string[]> {
    if (!ids.some((id) => this.#known.has(id))) await this.#client.ask({ path: '/status/leader' });
    const known = await Promise.all(ids.map((id) => this.#renew(id)));
    const missing = this.#catalog.missing();
    const unknown = ids.filter((id, index) => !known[index] || missing.has(id));
    for (const id of unknown) this.#claims.doubt(id);
    void this.#catalog.look(ids.filter((id) => this.#claims.holds(id)));
    return unknown;
  }

  /** What is being registered need not be waited for any more: it is about to be taken out. */
  hurry(): void {
    this.#claims.hurry();
  }

  /** The agent was away: others may have taken ids meanwhile. */
  doubt(): void {
    this.#claims.doubt();
  }

  async #register(instance: Instance): Promise<void> {
    const { id, status } = instance;
    const isNew = !this.#claims.holds(id);
    if (isNew) await this.#claim(instance);
    // Before its facts say that it serves: it must not read as failing in between.
    if (status !== 'OUT_OF_SERVICE' && this.#outOfService.has(id)) {
      await this.#remove(outOfServiceCheckIdOf(id));
      this.#outOfService.delete(id);
    }
    // Before it is put: whether the agent took it is not known when its answer is lost.
    if (status === 'OUT_OF_SERVICE') this.#outOfService.add(id);
    await this.#put(instance);
    // A check that was there before keeps its status whatever it is registered with.
    if (this.#options.check === 'ttl') await this.#report(instance);
    if (isNew) await this.#prove(instance);
  }

  /**
   * Answers false when the agent does not know the instance as ours, or somebody came before us. The former is looked at
   * before each report: an agent that was restarted between two of them may hold another's instance of this id, which a
   * report would keep alive.
   */
  async #renew(id: string): Promise<boolean> {
    if (this.#underWay.has(id)) return true;
    const instance = this.#known.get(id);
    const here = instance && (await this.#claims.standing(id));
    if (!instance || here?.holder !== this.#holder) return false;
    const untouched = here.checks.some((check) => check.id === checkIdOf(id) && isUntouched(check));
    if (!here.alive) this.#failing.add(id);
    else if (!untouched) this.#failing.delete(id);
    if (here.node !== undefined) this.#catalog.node = here.node;
    const known = this.#options.check === 'http' || (await this.#report(instance));
    return known && this.#claims.renewed(instance);
  }

  async #put(instance: Instance): Promise<void> {
    const { id, status } = instance;
    const time = new Date(this.#env.clock.wallTime()).toISOString();
    // What Consul dropped because it failed comes back as failing; the next probe may say otherwise.
    const failing = this.#options.check === 'http' && this.#failing.has(id);
    const check = failing
      ? { changed: `${notesOfFailing}, registered again at ${time}`, status: 'critical' as const }
      : { changed: `changed at ${time}`, status: checkStatusOf(status) };
    const body = definitionOf(instance, this.#holder, check, this.#options);
    this.#known.set(id, instance);
    const answer = await this.#client.ask({ method: 'PUT', path: '/agent/service/register', body, also: [400] });
    if (answer.status !== 400) return;
    this.#known.delete(id);
    throw new InstanceInvalidError(id, [`Consul says: ${wordsOf(answer)}`]);
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

  async #claim(instance: Instance): Promise<void> {
    const { id } = instance;
    try {
      const here = await this.#claims.claim(instance);
      if (here && here.holder !== this.#holder) await this.#clear(id, here.checks);
    } catch (error) {
      // Neither its check nor its registration is ours to touch any more.
      if (error instanceof DuplicateInstanceError) this.#known.delete(id);
      throw error;
    }
  }

  async #prove(instance: Instance): Promise<void> {
    try {
      await this.#claims.prove(instance);
    } catch (error) {
      await this.deregister(instance.id);
      throw error;
    }
  }

  /** Takes out what a predecessor had itself checked by: nobody would make those checks pass any more. */
  async #clear(id: string, checks: readonly HealthCheck[]): Promise<void> {
    const left = checks.filter((check) => check.instance === id && check.id !== checkIdOf(id) && !isMaintenance(check));
    for (const check of left) await this.#remove(check.id);
  }

  async #remove(check: string): Promise<void> {
    const path = `/agent/check/deregister/${encodeURIComponent(check)}`;
    const answer = await this.#client.ask({ method: 'PUT', path, also: [404, 500] });
    if (answer.status === 500 && !says(answer, /unknown check/i)) throw this.#failed(answer);
  }

  #failed(answer: ConsulAnswer): Error {
    return this.#client.unavailable(`it answered with status ${answer.status}: ${wordsOf(answer)}`);
  }
}

function says({ text }: ConsulAnswer, words: RegExp): boolean {
  return words.test(text);
}
