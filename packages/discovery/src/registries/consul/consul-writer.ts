/**
 * Writes this process's instances into the Consul agent and tells it that they live. The agent is the owner of what is
 * registered with it: it brings it to the servers, and brings it back when they forget it; what the agent itself forgets
 * by a restart, we register again. What is known of an instance stands in its {@link OwnRecord}.
 */
import { type Env, isFwkError, messageOf } from '@fwk/kernel';
import { DuplicateInstanceError } from '../../errors.js';
import type { Instance } from '../../instance.js';
import type { InstanceWriter } from '../own-instances.js';
import { AgentCalls } from './agent-calls.js';
import { CatalogLook } from './catalog-look.js';
import type { AskConsul } from './consul-client.js';
import type { ConsulOptions } from './consul-options.js';
import { type HealthCheck, isMaintenance, isUntouched } from './health-entries.js';
import { IdClaims, type Standing } from './id-claims.js';
import { OwnRecord } from './own-record.js';
import { checkIdOf, checkStatusOf, definitionOf, notesOfFailing, outOfServiceCheckIdOf } from './service-definition.js';

/** The agent of this machine, as what this process registers sees it. */
export class ConsulWriter implements InstanceWriter {
  readonly #client: AskConsul;
  readonly #agent: AgentCalls;
  readonly #holder: string;
  readonly #options: ConsulOptions;
  readonly #env: Env;
  readonly #claims: IdClaims;
  readonly #catalog: CatalogLook;
  readonly #records = new Map<string, OwnRecord>();

  /**
   * @param holder - a name of this process that no other has.
   * @param suspect - makes the pulse renew at once.
   */
  constructor(client: AskConsul, holder: string, options: ConsulOptions, env: Env, suspect: () => void) {
    this.#client = client;
    this.#agent = new AgentCalls(client);
    this.#holder = holder;
    this.#options = options;
    this.#env = env;
    this.#claims = new IdClaims(client, holder, env);
    this.#catalog = new CatalogLook(client, env, (ids) => {
      for (const id of ids) this.#miss(id);
      suspect();
    });
  }

  /** Why instances are not registered as they should be: one reason for each that is not. */
  get troubles(): readonly string[] {
    return [...this.#records.values()].flatMap(({ trouble }) => trouble ?? []);
  }

  async register(instance: Instance): Promise<void> {
    const record = this.#records.get(instance.id) ?? new OwnRecord(instance.id);
    this.#records.set(instance.id, record);
    try {
      const verdict = await this.#register(record, instance);
      record.hold(verdict);
    } catch (error) {
      if (error instanceof DuplicateInstanceError) record.refuse(error.message);
      else record.fail(messageOf(error));
      this.#dropUnwanted(record, error);
      throw error;
    }
  }

  async deregister(id: string): Promise<void> {
    const record = this.#records.get(id);
    if (!record) return;
    try {
      if (record.written) await this.#takeOut(id);
    } catch (error) {
      record.trouble = messageOf(error);
      if (!isUnavailable(error)) this.#records.delete(id);
      throw error;
    }
    this.#records.delete(id);
  }

  /**
   * Tells the agent that these instances live; with none to tell of, asks the cheapest question that needs no rights.
   * @returns the ids that the agent, or the servers, do not know.
   */
  async renew(ids: readonly string[]): Promise<readonly string[]> {
    const records = ids.map((id) => this.#records.get(id));
    const isAsked = records.some((record) => record?.written && !record.isBusy);
    if (!isAsked) await this.#client.ask({ path: '/status/leader' });
    const known = await Promise.all(records.map((record) => record !== undefined && this.#renew(record)));
    void this.#catalog.look(ids.filter((id) => this.#records.get(id)?.state === 'held'));
    return ids.filter((_id, index) => !known[index]);
  }

  /** What is being registered is about to be taken out: nothing more is begun for it. */
  hurry(): void {
    this.#claims.hurry();
  }

  /** The agent was away: others may have taken ids meanwhile. */
  doubt(): void {
    for (const record of this.#records.values()) record.doubt();
  }

  /** @returns what the servers say of a new registration; undefined for a change of one that is ours. */
  async #register(record: OwnRecord, instance: Instance): Promise<'first' | 'unsaid' | undefined> {
    const { id, status } = instance;
    const isNew = record.state !== 'held';
    if (isNew) await this.#claim(record, instance);
    // Before its facts say that it serves: it must not read as failing in between.
    if (status !== 'OUT_OF_SERVICE' && record.outOfService) {
      await this.#agent.removeCheck(outOfServiceCheckIdOf(id));
      record.outOfService = false;
    }
    if (isNew) this.#claims.checkHaste();
    await this.#write(record, instance);
    if (isNew) this.#claims.checkHaste();
    // A check that was there before keeps its status whatever it is registered with.
    if (this.#options.check === 'ttl') await this.#agent.report(id, checkStatusOf(status));
    return isNew ? this.#prove(instance) : undefined;
  }

  async #claim(record: OwnRecord, instance: Instance): Promise<void> {
    const here = await this.#claims.claim(instance, record.claim());
    if (!here || here.holder === this.#holder) return;
    // Nobody would make the checks of a predecessor pass any more.
    for (const check of leftBehind(instance.id, here.checks)) await this.#agent.removeCheck(check.id);
  }

  async #write(record: OwnRecord, instance: Instance): Promise<void> {
    const { id, status } = instance;
    const time = new Date(this.#env.clock.wallTime()).toISOString();
    // What Consul dropped because it failed comes back as failing; the next probe may say otherwise.
    const check =
      this.#options.check === 'http' && record.failing
        ? { changed: `${notesOfFailing}, registered again at ${time}`, status: 'critical' as const }
        : { changed: `changed at ${time}`, status: checkStatusOf(status) };
    const bodyFor = (isOld: boolean) => definitionOf(instance, this.#holder, check, this.#options, isOld);
    if (status === 'OUT_OF_SERVICE') record.outOfService = true;
    const takeBack = record.write(instance);
    try {
      await this.#agent.register(id, bodyFor);
    } catch (error) {
      if (!isUnavailable(error)) takeBack();
      throw error;
    }
  }

  async #prove(instance: Instance): Promise<'first' | 'unsaid'> {
    try {
      return await this.#claims.prove(instance);
    } catch (error) {
      if (error instanceof DuplicateInstanceError) await this.#takeOut(instance.id);
      throw error;
    }
  }

  /** Takes out what is ours: between two renewals somebody else may have taken the id. */
  async #takeOut(id: string): Promise<void> {
    const here = await this.#claims.standing(id);
    if (here?.holder === this.#holder) await this.#agent.deregister(id);
  }

  /**
   * Answers false when the agent does not know the instance as ours, or somebody came before us. The former is looked at
   * before each report: an agent that was restarted between two of them may hold another's instance of this id, which a
   * report would keep alive.
   */
  async #renew(record: OwnRecord): Promise<boolean> {
    if (record.isBusy) return true;
    const instance = record.written;
    if (!instance) return false;
    const here = await this.#claims.standing(record.id);
    // What has been written meanwhile knows better.
    if (record.isBusy || record.written !== instance) return true;
    const isOurs = here?.holder === this.#holder;
    const isKnown = isOurs && (await this.#live(record, here)) && !record.missing;
    if (isKnown && record.state !== 'unclaimed') {
      if (record.isLookDue()) void this.#look(record, instance);
      return true;
    }
    record.doubt();
    return record.isBusy;
  }

  /** Says that it lives. @returns false when the agent does not take that. */
  async #live(record: OwnRecord, here: Standing): Promise<boolean> {
    const { id } = record;
    if (here.node !== undefined) this.#catalog.node = here.node;
    const isUnsaid = here.checks.some((check) => check.id === checkIdOf(id) && isUntouched(check));
    if (!here.alive) record.failing = true;
    else if (!isUnsaid) record.failing = false;
    if (this.#options.check === 'http') return true;
    let told = record.written;
    let known = true;
    while (told && known) {
      known = await this.#agent.report(id, checkStatusOf(told.status));
      if (record.written === told) break;
      // This report was of older facts, and may have arrived after those that were written meanwhile.
      told = record.written;
    }
    return known;
  }

  /** In the background, since the servers may be slow and renewals must not be. */
  async #look(record: OwnRecord, instance: Instance): Promise<void> {
    // A process that stops does not need to know.
    const verdict = await this.#claims.look(instance).catch(() => 'first');
    if (verdict === 'overtaken') record.doubt();
    else if (verdict === 'unsaid') record.lookSoon();
  }

  #miss(id: string): void {
    const record = this.#records.get(id);
    if (record) record.missing = true;
  }

  /** Whoever registers for the first time hears the refusal and does not try again. */
  #dropUnwanted(record: OwnRecord, error: unknown): void {
    if (!isUnavailable(error) && !record.wasHeld && !record.written) this.#records.delete(record.id);
  }
}

/** What a predecessor had itself checked by, beside the check that we replace; the operator's maintenance stays. */
function leftBehind(id: string, checks: readonly HealthCheck[]): readonly HealthCheck[] {
  return checks.filter((check) => check.instance === id && check.id !== checkIdOf(id) && !isMaintenance(check));
}

function isUnavailable(error: unknown): boolean {
  return isFwkError(error, 'FWK_DISCOVERY_REGISTRY_UNAVAILABLE');
}
