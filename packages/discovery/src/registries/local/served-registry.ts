/**
 * The registry that one process of a machine serves to all, without the HTTP round it: who is registered, under which
 * lease, and what has changed since when.
 *
 * An instance belongs to the owner that registered it, so that a second process with the same id is refused while the first
 * is alive. Alive means: its lease runs and it has not dropped its connection. What a process knew before it took over is
 * restored with its owners, under leases that they must claim: a new registry lets nobody take what the old one had given.
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
import { Holdings } from './holdings.js';
import type { LocalRegistryOptions } from './local-options.js';
import { OperatorWords } from './operator-words.js';
import type { Identity } from './session.js';
import type { Known } from './wire.js';

/** Cuts a list of ids down to a page of it. */
export type Page = (ids: readonly string[]) => readonly string[];

/** Groups whose figures are shown. */
const MAX_GROUPS_SHOWN = 1000;
/** Share of all leases that one sweep may end. */
const MAX_EVICTED_SHARE = 0.15;
const SWEEP_MS = 100;
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
  readonly #holdings: Holdings;
  /** Ids that their owners have registered or renewed here, and not only with a registry before this one. */
  readonly #claimed = new Set<string>();
  readonly #words: OperatorWords;
  /** Streams open for each owner: a process without one has dropped its connection, or never had one. */
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
    this.#holdings = new Holdings(options);
    this.#words = new OperatorWords(this.catalog, this.#log, env);
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
      const { ttlMs, dropGraceMs } = this.#options;
      const { id } = entry.instance;
      const gone = entry.holder === goneHolder;
      try {
        this.#put(entry, this.#holdings.take(entry));
      } catch (error) {
        if (!(error instanceof RegistryFullError)) throw error;
        continue;
      }
      this.#leases.grant(id, gone ? Math.min(dropGraceMs, ttlMs) : ttlMs);
      if (gone) this.#dropped.add(id);
      restored++;
    }
    return restored;
  }

  /**
   * @param claim - what its process says that an operator said of it, for a registry that does not know.
   * @throws DuplicateInstanceError, RegistryFullError
   */
  register(instance: Instance, { holder, owner }: Identity, claim?: Override): void {
    const { id } = instance;
    const known = this.catalog.get(id);
    if (known && known.owner !== owner && this.#isAlive(id)) {
      throw new DuplicateInstanceError(id, describeInstance(known.instance), describeInstance(instance));
    }
    const entry = { instance, holder, owner };
    const bytes = this.#holdings.take(entry);
    if (claim) this.#words.claim(instance, holder, claim);
    this.#claimed.add(id);
    this.#dropped.delete(id);
    this.#leases.grant(id, this.#leaseMs(owner));
    // Registering again what is known already is a renewal; watchers need not hear of it.
    if (known && known.holder === holder && known.owner === owner && sameInstance(known.instance, instance)) return;
    this.#put(entry, bytes);
  }

  /**
   * False when the id belongs to another process. What is not known here is not taken out of the lists of those who know it
   * as somebody else's.
   */
  deregister(id: string, { owner }: Identity): boolean {
    const known = this.catalog.get(id);
    if (known && known.owner !== owner) return false;
    this.#remove(id, known ? undefined : owner);
    return true;
  }

  /** Lets an operator's word win over the instance's own. @throws RegistryFullError */
  override(id: string, override: Override): void {
    this.#words.set(id, override);
  }

  /** Lets the instance's own word count again; false when it did already. */
  lift(id: string): boolean {
    return this.#words.lift(id);
  }

  /** Renews leases; answers the ids that the asking process has to register again. */
  renew(ids: readonly string[], { owner }: Identity): readonly string[] {
    return ids.filter((id) => {
      if (this.catalog.get(id)?.owner !== owner || !this.#leases.renew(id, this.#leaseMs(owner))) return true;
      this.#claimed.add(id);
      this.#dropped.delete(id);
      return false;
    });
  }

  /** Streams that a process has open. */
  streamsOf({ owner }: Identity): number {
    return this.#connected.get(owner) ?? 0;
  }

  /** A process has opened a stream, by which its end will be noticed. */
  connected({ owner }: Identity): void {
    this.#connected.set(owner, (this.#connected.get(owner) ?? 0) + 1);
  }

  /**
   * A stream has closed. If it was the process's last, the process is probably dead; but it may only have lost a connection,
   * so its leases are shortened, not ended.
   */
  disconnected({ owner }: Identity): void {
    const left = (this.#connected.get(owner) ?? 1) - 1;
    if (left > 0) {
      this.#connected.set(owner, left);
      return;
    }
    this.#connected.delete(owner);
    for (const id of this.#holdings.idsOf(owner)) {
      this.#dropped.add(id);
      this.#leases.shorten(id, this.#options.dropGraceMs);
    }
  }

  /** What has changed after a version; undefined when that is too long ago to know. */
  changesSince(version: number): readonly Change[] | undefined {
    return this.#log.since(version);
  }

  /**
   * Facts for people, as many as fit on a page.
   * @param page - cuts a list of ids down to one page.
   */
  describe(page: Page = (ids) => ids): Readonly<Record<string, unknown>> {
    const overrides = page([...this.catalog.overrides.keys()]).map((id) => [id, this.catalog.overrides.get(id)]);
    const ids = page(Array.from(this.catalog.entries(), ({ instance }) => instance.id));
    return {
      epoch: this.epoch,
      version: this.version,
      holder: this.holder,
      instances: this.catalog.size,
      overrides: Object.fromEntries(overrides),
      connectedProcesses: this.#connected.size,
      ttlMs: this.ttlMs,
      selfPreservation: {
        rule: `nobody is evicted while received < threshold = floor(${PRESERVED_SHARE} * expected), by service and zone`,
        groups: this.#preservation()
          .slice(0, MAX_GROUPS_SHOWN)
          .map((group) => ({ ...group, withheld: page(group.withheld) })),
      },
      leases: ids.map((id) => ({
        id,
        remainingMs: Math.round(this.#leases.remainingMs(id) ?? 0),
        dropped: this.#dropped.has(id),
      })),
    };
  }

  close(): void {
    this.#leases.close();
  }

  #leaseMs(owner: string): number {
    return this.#connected.has(owner) ? this.ttlMs + CONNECTED_GRACE_MS : this.ttlMs;
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
      dead: this.#dropped.has(id) || (!this.#claimed.has(id) && this.#isSilent(id, unclaimedMs)),
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

  #put(entry: CatalogEntry, bytes: number): void {
    this.catalog.put(entry);
    this.#log.add({ kind: 'put', entry }, bytes);
  }

  #remove(id: string, owner?: string): void {
    this.catalog.remove(id);
    this.#holdings.drop(id);
    this.#claimed.delete(id);
    this.#dropped.delete(id);
    this.#leases.release(id);
    this.#log.add({ kind: 'remove', id, ...(owner !== undefined && { owner }) });
  }
}

function sameInstance(a: Instance, b: Instance): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
