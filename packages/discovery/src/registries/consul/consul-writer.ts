/**
 * Registers this process's instances with the Consul agent, and renews them. The agent owns what is registered with it: it
 * passes it on to the servers, also when they have lost it. What the agent itself loses by a restart is registered again here.
 * What is known of an instance is in its {@link OwnRecord}.
 */
import { type Env, isFwkError, messageOf } from '@fwk/kernel';
import type { AskConsul } from '@fwk/kernel/consul';
import { DuplicateInstanceError } from '../../errors.js';
import type { Instance } from '../../instance.js';
import type { InstanceWriter } from '../own-instances.js';
import { AgentCalls } from './agent-calls.js';
import { CatalogLook } from './catalog-look.js';
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
   * @param suspect - makes the next renewal happen at once.
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
   * Renews these instances at the agent. With none to renew it sends the cheapest request that needs no permission, to learn
   * whether the agent is there.
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

  /** Registrations that are under way are about to be undone: they begin nothing more. */
  hurry(): void {
    this.#claims.hurry();
  }

  /** The agent was away: others may have taken ids meanwhile. */
  doubt(): void {
    for (const record of this.#records.values()) record.doubt();
  }

  /** @returns what the servers say of a new registration; undefined for a change of one that is ours. */
  async #register(record: OwnRecord, instance: Instance): Promise<'first' | 'unknown' | undefined> {
    const { id, status } = instance;
    const isNew = record.state !== 'held';
    if (isNew) await this.#claim(record, instance);
    // Before the facts say that it serves: it must not look failing in between.
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
    // Nobody reports for the checks of a predecessor, so they would fail.
    for (const check of leftBehind(instance.id, here.checks)) await this.#agent.removeCheck(check.id);
  }

  async #write(record: OwnRecord, instance: Instance): Promise<void> {
    const { id, status } = instance;
    const time = new Date(this.#env.clock.wallTime()).toISOString();
    // An instance that Consul removed because it failed is registered again as failing; the next probe may change that.
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

  async #prove(instance: Instance): Promise<'first' | 'unknown'> {
    try {
      return await this.#claims.prove(instance);
    } catch (error) {
      if (error instanceof DuplicateInstanceError) await this.#takeOut(instance.id);
      throw error;
    }
  }

  /** Deregisters only what is ours: between two renewals somebody else may have taken the id. */
  async #takeOut(id: string): Promise<void> {
    const here = await this.#claims.standing(id);
    if (here?.holder === this.#holder) await this.#agent.deregister(id);
  }

  /**
   * Returns false when the agent does not have the instance as ours, or when somebody had the id before us. The agent is asked
   * before each report: if it was restarted in between it may have somebody else's instance of this id, which a report would
   * keep alive.
   */
  async #renew(record: OwnRecord): Promise<boolean> {
    if (record.isBusy) return true;
    const instance = record.written;
    if (!instance) return false;
    const here = await this.#claims.standing(record.id);
    // A write in the meantime makes this answer out of date.
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

  /** Reports that it is alive. @returns false when the agent does not accept the report. */
  async #live(record: OwnRecord, here: Standing): Promise<boolean> {
    const { id } = record;
    if (here.node !== undefined) this.#catalog.node = here.node;
    const isUnreported = here.checks.some((check) => check.id === checkIdOf(id) && isUntouched(check));
    if (!here.alive) record.failing = true;
    else if (!isUnreported) record.failing = false;
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
    else if (verdict === 'unknown') record.lookSoon();
  }

  #miss(id: string): void {
    const record = this.#records.get(id);
    if (record) record.missing = true;
  }

  /** Forgets an instance whose first registration was refused: its caller gets the error, and no renewal tries again. */
  #dropUnwanted(record: OwnRecord, error: unknown): void {
    if (!isUnavailable(error) && !record.wasHeld && !record.written) this.#records.delete(record.id);
  }
}

/** The checks that a predecessor left, except the one that we replace and the operator's maintenance. */
function leftBehind(id: string, checks: readonly HealthCheck[]): readonly HealthCheck[] {
  return checks.filter((check) => check.instance === id && check.id !== checkIdOf(id) && !isMaintenance(check));
}

function isUnavailable(error: unknown): boolean {
  return isFwkError(error, 'FWK_DISCOVERY_REGISTRY_UNAVAILABLE');
}
