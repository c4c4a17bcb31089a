/**
 * The registry that one process of a machine serves to all, without the HTTP round it: who is registered, under which
 * lease, and what has changed since when.
 *
 * A registrant proves itself by a secret key, so that a second process with the same instance id is refused while the first
 * is alive. Alive means: its lease runs and it has not dropped its connection. What a process knew before it took over is
 * restored without keys, under leases that its owners must claim.
 */
import type { Env } from '@fwk/kernel';
import { DuplicateInstanceError, RegistryFullError } from '../../errors.js';
import type { Instance } from '../../instance.js';
import { cappedEviction } from '../../lease/eviction.js';
import { LeaseTable } from '../../lease/lease-table.js';
import { Preserving } from '../../lease/preserving.js';
import { type Preservation, selfPreservation } from '../../lease/self-preservation.js';
import type { Override } from '../../override.js';
import { Catalog, type CatalogEntry } from '../catalog.js';
import { describeInstance } from '../describe-instance.js';
import { type Change, ChangeLog } from './change-log.js';
import type { LocalRegistryOptions } from './local-options.js';
import type { Known } from './wire.js';

/** Who asks: the process's public name and its secret. */
export interface Identity {
  readonly holder: string;
  readonly key: string;
}

/** Share of all leases that one sweep may end. */
const MAX_EVICTED_SHARE = 0.15;
const SWEEP_MS = 100;
/** Words of operators that are kept. */
const MAX_OVERRIDES = 1000;
/**
 * What a lease has beyond its time while its process holds a connection: such a process is likelier busy than gone, since
 * its end would close the connection. Two seconds without an event loop must cost nobody its place.
 */
const CONNECTED_GRACE_MS = 1000;
/** Share of the expected renewals below which the silence of the others is not believed. */
const PRESERVED_SHARE = 0.85;
/**
 * Leases for which the silence of those who were restored, and never claimed, may be the registry's own trouble. Their
 * processes try several times a second; whoever has not come after so many times that is not to come.
 */
const UNCLAIMED_LEASES = 2;

/** State and rules of a served registry. */
export class ServedRegistry {
  readonly epoch: string;
  readonly holder: string;
  readonly ttlMs: number;
  readonly catalog = new Catalog();
  readonly #env: Env;
  readonly #options: LocalRegistryOptions;
  readonly #leases: LeaseTable;
  readonly #log: ChangeLog;
  readonly #keys = new Map<string, string>();
  /** Streams open for each key: a process without one has dropped its connection, or never had one. */
  readonly #connected = new Map<string, number>();
  /** Ids whose process has dropped its connection and has not been heard of since. */
  readonly #dropped = new Set<string>();
  readonly #preserving: Preserving;

  constructor(
    epoch: string,
    holder: string,
    options: LocalRegistryOptions,
    env: Env,
    onChange: (change: Change) => void,
  ) {
    this.epoch = epoch;
    this.holder = holder;
    this.ttlMs = options.ttlMs;
    this.#options = options;
    this.#env = env;
    this.#log = new ChangeLog(onChange);
    this.#preserving = new Preserving(env);
    const capped = cappedEviction(MAX_EVICTED_SHARE);
    this.#leases = new LeaseTable({
      clock: env.clock,
      sweepMs: SWEEP_MS,
      eviction: ({ expired, total }) => capped({ expired: this.#believed(expired), total }),
      onEvicted: (id) => this.#evict(id),
    });
  }

  get version(): number {
    return this.#log.version;
  }

  /**
   * Takes over what this process knew of the registry that is gone, so that the first answer is not an empty one.
   * @param goneHolder - the process that served it: its own instances are not expected back.
   */
  restore({ entries, overrides }: Known, goneHolder: string | undefined): number {
    for (const [id, override] of overrides) this.catalog.override(id, override);
    let restored = 0;
    for (const entry of entries) {
      if (this.catalog.size >= this.#options.maxInstances) break;
      const { ttlMs, dropGraceMs } = this.#options;
      const { id } = entry.instance;
      const gone = entry.holder === goneHolder;
      this.#put(entry);
      this.#leases.grant(id, gone ? Math.min(dropGraceMs, ttlMs) : ttlMs);
      if (gone) this.#dropped.add(id);
      restored++;
    }
    return restored;
  }

  /**
   * @param override - what its process still knows an operator to have said of it, for a registry that does not know.
   * @throws DuplicateInstanceError, RegistryFullError
   */
  register(instance: Instance, { holder, key }: Identity, override?: Override): void {
    const { id } = instance;
    const known = this.catalog.get(id);
    const owner = this.#keys.get(id);
    if (known && owner !== undefined && owner !== key && this.#isAlive(id)) {
      throw new DuplicateInstanceError(id, describeInstance(known.instance), describeInstance(instance));
    }
    if (!known && this.catalog.size >= this.#options.maxInstances) {
      throw new RegistryFullError('instances', this.#options.maxInstances);
    }
    if (override && !this.catalog.overrides.has(id) && this.catalog.overrides.size < MAX_OVERRIDES)
      this.#override(id, override);
    this.#keys.set(id, key);
    this.#dropped.delete(id);
    this.#leases.grant(id, this.#leaseMs(key));
    // Registering again what is known already is a renewal; watchers need not hear of it.
    if (known && known.holder === holder && sameInstance(known.instance, instance)) return;
    this.#put({ instance, holder });
  }

  /** False when the id belongs to another process. What nobody registered here is taken out of every list all the same. */
  deregister(id: string, { key }: Identity): boolean {
    const owner = this.#keys.get(id);
    if (owner !== undefined && owner !== key) return false;
    this.#remove(id);
    return true;
  }

  /**
   * Lets an operator's word win over the instance's own. Where there are too many, the oldest about an instance that is
   * not there makes room.
   * @throws RegistryFullError
   */
  override(id: string, override: Override): void {
    const { overrides } = this.catalog;
    if (overrides.size >= MAX_OVERRIDES && !overrides.has(id)) {
      const idle = [...overrides.keys()].find((other) => !this.catalog.get(other));
      if (idle === undefined) throw new RegistryFullError('overrides', MAX_OVERRIDES);
      this.lift(idle);
    }
    this.#override(id, override);
    this.#env.events.emit('instance.overridden', { instance: id, ...override });
    this.#env.logger.warn({ instance: id, ...override }, 'an operator has overridden the status of an instance');
  }

  /** Lets the instance's own word count again; false when it did already. */
  lift(id: string): boolean {
    const override = this.catalog.overrides.get(id);
    if (!override) return false;
    this.#override(id, undefined);
    this.#env.events.emit('instance.override-lifted', { instance: id, ...override });
    this.#env.logger.info({ instance: id, ...override }, 'the override of an instance was lifted');
    return true;
  }

  /** Renews leases; answers the ids that the asking process has to register again. */
  renew(ids: readonly string[], { key }: Identity): readonly string[] {
    return ids.filter((id) => {
      if (this.#keys.get(id) !== key || !this.#leases.renew(id, this.#leaseMs(key))) return true;
      this.#dropped.delete(id);
      return false;
    });
  }

  /** A process has opened a stream, by which its end will be noticed. */
  connected({ key }: Identity): void {
    this.#connected.set(key, (this.#connected.get(key) ?? 0) + 1);
  }

  /**
   * A stream has closed. If it was the process's last, the process is probably dead; but it may only have lost a connection,
   * so its leases are shortened, not ended.
   */
  disconnected({ key }: Identity): void {
    const left = (this.#connected.get(key) ?? 1) - 1;
    if (left > 0) {
      this.#connected.set(key, left);
      return;
    }
    this.#connected.delete(key);
    for (const [id, owner] of this.#keys) {
      if (owner !== key) continue;
      this.#dropped.add(id);
      this.#leases.shorten(id, this.#options.dropGraceMs);
    }
  }

  /** What has changed after a version; undefined when that is too long ago to know. */
  changesSince(version: number): readonly Change[] | undefined {
    return this.#log.since(version);
  }

  /** Facts for people. */
  describe(): Readonly<Record<string, unknown>> {
    return {
      epoch: this.epoch,
      version: this.version,
      holder: this.holder,
      instances: this.catalog.size,
      overrides: Object.fromEntries(this.catalog.overrides),
      connectedProcesses: this.#connected.size,
      ttlMs: this.ttlMs,
      selfPreservation: {
        rule: `nobody is evicted while received < threshold = floor(${PRESERVED_SHARE} * expected), by service and zone`,
        groups: this.#preservation(),
      },
      leases: [...this.catalog.entries()].map(({ instance: { id } }) => ({
        id,
        remainingMs: Math.round(this.#leases.remainingMs(id) ?? 0),
        dropped: this.#dropped.has(id),
      })),
    };
  }

  close(): void {
    this.#leases.close();
  }

  #leaseMs(key: string): number {
    return this.#connected.has(key) ? this.ttlMs + CONNECTED_GRACE_MS : this.ttlMs;
  }

  #isAlive(id: string): boolean {
    return !this.#dropped.has(id) && !this.#isSilent(id);
  }

  #isSilent(id: string, sinceMs = 0): boolean {
    return (this.#leases.remainingMs(id) ?? 0) <= -sinceMs;
  }

  /** The figures of every group, as they are now. That a process holds no stream tells nothing: it need not have one. */
  #preservation(): readonly Preservation[] {
    const unclaimedMs = UNCLAIMED_LEASES * this.ttlMs;
    const leases = [...this.catalog.entries()].map(({ instance: { id, service, zone } }) => ({
      id,
      group: zone === undefined ? service : `${service} in ${zone}`,
      silent: this.#isSilent(id),
      dead: this.#dropped.has(id) || (!this.#keys.has(id) && this.#isSilent(id, unclaimedMs)),
    }));
    return selfPreservation(leases, PRESERVED_SHARE);
  }

  /** The expired whose silence is believed. */
  #believed(expired: readonly string[]): readonly string[] {
    const withheld = this.#preserving.withheld(this.#preservation());
    return expired.filter((id) => !withheld.has(id));
  }

  #evict(id: string): void {
    const entry = this.catalog.get(id);
    const dropped = this.#dropped.has(id);
    this.#remove(id);
    if (!entry) return;
    const { service } = entry.instance;
    const cause = dropped ? 'its process dropped the connection' : 'its lease was not renewed';
    this.#env.events.emit('instance.evicted', { instance: id, service, cause, ttlMs: this.ttlMs });
    this.#env.logger.warn({ instance: id, service, cause }, 'instance evicted');
  }

  #override(id: string, override: Override | undefined): void {
    this.catalog.override(id, override);
    this.#log.add({ kind: 'override', id, override });
  }

  #put(entry: CatalogEntry): void {
    this.catalog.put(entry);
    this.#log.add({ kind: 'put', entry });
  }

  #remove(id: string): void {
    this.catalog.remove(id);
    this.#keys.delete(id);
    this.#dropped.delete(id);
    this.#leases.release(id);
    this.#log.add({ kind: 'remove', id });
  }
}

function sameInstance(a: Instance, b: Instance): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
