/**
 * What one process knows of the registry: a full copy, kept up to date by the event stream. It is what watches read, what
 * stays in use while nobody serves, and what this process starts from when it takes over.
 *
 * A new registry knows only what its process knew, which is nothing if that process has just started. So what such a
 * registry does not list is not dropped at once: its owners, who try again several times a second, have a whole lease from
 * the loss of the old one, as if it had lived on, and at least half a lease from its return. So nobody whose event loop
 * stands still for two seconds while a registry is replaced loses its place. A whole lease from the return would save those
 * too who stand still just when it comes back after long, and send calls to the dead for longer each time; they are
 * listed again as soon as they go on.
 */
import type { Clock, Timer } from '@fwk/kernel';
import type { Override } from '../../override.js';
import { Catalog, type CatalogEntry } from '../catalog.js';
import { WatchBoard } from '../watch-board.js';
import { type Belief, beliefLimits } from './belief.js';
import type { LocalRegistryOptions } from './local-options.js';
import type { Inheritance } from './registry-server.js';
import type { StreamMessage } from './stream-intake.js';
import type { Hello } from './wire.js';

/** Share of a lease that owners have at least to register with a new registry. */
const RETURN_SHARE = 0.5;

/** A copy of the registry's catalog. */
export class Replica {
  readonly catalog = new Catalog();
  readonly board: WatchBoard;
  readonly #clock: Clock;
  readonly #dropGraceMs: number;
  readonly #onChange: (catalog: Catalog) => void;
  readonly #belief: Belief | undefined;
  /** Ids that the present registry does not list, each with the wait that it was last given. */
  readonly #unconfirmed = new Map<string, object>();
  /** The same for overrides that it has not said yet. */
  readonly #unconfirmedOverrides = new Map<string, object>();
  readonly #timers = new Set<Timer>();
  #server: Hello | undefined;
  /** The registry whose whole list was taken last; another one than heard last while that one's list is awaited. */
  #taken: Hello | undefined;
  #version = 0;
  #lostAtMs = Number.NEGATIVE_INFINITY;

  /**
   * @param onChange - told whenever something in the copy may have changed, once there is a whole one.
   * @param belief - decides what is taken over. @defaultValue everything
   */
  constructor(
    clock: Clock,
    { dropGraceMs }: LocalRegistryOptions,
    onChange: (catalog: Catalog) => void = () => {},
    belief?: Belief,
  ) {
    this.#belief = belief;
    this.#clock = clock;
    this.#dropGraceMs = dropGraceMs;
    this.#onChange = onChange;
    this.board = new WatchBoard(this.catalog, false);
  }

  /** The registry heard last. */
  get server(): Hello | undefined {
    return this.#server;
  }

  /** Whether the copy is that of the registry heard last, and not an older one's while the list is awaited. */
  get current(): boolean {
    return this.#taken !== undefined && this.#taken === this.#server;
  }

  /** Where a stream can go on: `epoch:version`. */
  get position(): string | undefined {
    return this.#taken && `${this.#taken.epoch}:${this.#version}`;
  }

  /** The registry is gone: owners have a lease from now on to register with another. */
  lost(): void {
    this.#lostAtMs = this.#clock.now();
  }

  /** Takes over what came together, and then tells the watchers once. */
  apply(messages: readonly StreamMessage[]): void {
    const changed = new Set<string>();
    let complete = false;
    for (const message of messages) {
      if (message.kind === 'hello') {
        this.#server = message.hello;
        if (!message.hello.resumed) continue;
        this.#taken = message.hello;
        complete = true;
      } else if (message.kind === 'snapshot') {
        this.#replace(message.entries, changed);
        this.#replaceOverrides(message.overrides, changed);
        this.#taken = this.#server;
        complete = true;
      } else if (message.kind === 'put') {
        this.#version = message.version;
        this.#put(message.entry, changed);
      } else if (message.kind === 'remove') {
        this.#version = message.version;
        const { id, owner } = message;
        // Somebody else's instance is not taken out because the registry does not know whose it is.
        if (owner === undefined || this.catalog.get(id)?.owner === owner) this.#remove(id, changed);
      } else if (message.kind === 'override') {
        this.#version = message.version;
        this.#override(message.id, message.override, changed);
      }
    }
    this.#publish(changed);
    if (complete) this.board.known.set(true);
  }

  /** What a registry that this process serves from now on starts from; undefined while no whole list was taken. */
  get inheritance(): Inheritance | undefined {
    if (!this.#taken) return undefined;
    const known = { entries: [...this.catalog.entries()], overrides: this.catalog.overrides };
    return { known, holder: this.#taken.holder };
  }

  /** What an operator said of an id before the present registry, which knows nothing of it. */
  forgottenOverride(id: string): Override | undefined {
    return this.#unconfirmedOverrides.has(id) ? this.catalog.overrides.get(id) : undefined;
  }

  /** Ends the waits; what is known stays readable. */
  close(): void {
    for (const timer of this.#timers) this.#clock.clearTimer(timer);
    this.#timers.clear();
  }

  #replace(entries: readonly CatalogEntry[], changed: Set<string>): void {
    const server = this.#server as Hello;
    const listed = new Set(entries.map(({ instance }) => instance.id));
    const missing = [...this.catalog.entries()].filter(({ instance }) => !listed.has(instance.id));
    this.#version = server.version;
    for (const entry of entries) this.#put(entry, changed);
    const before = this.#taken;
    if (before === undefined || before.epoch === server.epoch) {
      for (const { instance } of missing) this.#remove(instance.id, changed);
      return;
    }
    const [gone, others] = [
      missing.filter(isHeldBy(before.holder)),
      missing.filter((entry) => !isHeldBy(before.holder)(entry)),
    ];
    this.#await(gone, this.#dropGraceMs);
    this.#await(others, this.#graceMs(server));
  }

  #replaceOverrides(overrides: ReadonlyMap<string, Override>, changed: Set<string>): void {
    const missing = [...this.catalog.overrides.keys()].filter((id) => !overrides.has(id));
    for (const [id, override] of overrides) this.#override(id, override, changed);
    const server = this.#server as Hello;
    if (this.#taken?.epoch === server.epoch) {
      for (const id of missing) this.#override(id, undefined, changed);
      return;
    }
    const wait = {};
    for (const id of missing) this.#unconfirmedOverrides.set(id, wait);
    this.#later(this.#graceMs(server), (late) => {
      for (const id of missing) if (this.#unconfirmedOverrides.get(id) === wait) this.#override(id, undefined, late);
    });
  }

  #override(id: string, override: Override | undefined, changed: Set<string>): void {
    this.#unconfirmedOverrides.delete(id);
    const { overrides } = this.catalog;
    if (override && overrides.size >= beliefLimits.overrides && !overrides.has(id)) return;
    for (const service of this.catalog.override(id, override)) changed.add(service);
  }

  #put(entry: CatalogEntry, changed: Set<string>): void {
    if (this.#belief?.takes(entry) === false) {
      this.#remove(entry.instance.id, changed);
      return;
    }
    this.#unconfirmed.delete(entry.instance.id);
    for (const service of this.catalog.put(entry)) changed.add(service);
  }

  #remove(id: string, changed: Set<string>): void {
    this.#unconfirmed.delete(id);
    this.#belief?.drops(id);
    const entry = this.catalog.remove(id);
    if (entry) changed.add(entry.instance.service);
  }

  #graceMs({ ttlMs }: Hello): number {
    return Math.max(ttlMs * RETURN_SHARE, this.#lostAtMs + ttlMs - this.#clock.now());
  }

  #await(entries: readonly CatalogEntry[], durationMs: number): void {
    if (entries.length === 0) return;
    const ids = entries.map(({ instance }) => instance.id);
    const wait = {};
    for (const id of ids) this.#unconfirmed.set(id, wait);
    this.#later(durationMs, (changed) => {
      // Who came back and was lost again meanwhile has a longer wait of its own.
      for (const id of ids) if (this.#unconfirmed.get(id) === wait) this.#remove(id, changed);
    });
  }

  #publish(changed: ReadonlySet<string>): void {
    this.board.publish(changed);
    if (this.#taken) this.#onChange(this.catalog);
  }

  #later(delayMs: number, act: (changed: Set<string>) => void): void {
    const timer = this.#clock.setTimer(
      () => {
        this.#timers.delete(timer);
        const changed = new Set<string>();
        act(changed);
        this.#publish(changed);
      },
      delayMs,
      true,
    );
    this.#timers.add(timer);
  }
}

function isHeldBy(holder: string): (entry: CatalogEntry) => boolean {
  return (entry) => entry.holder === holder;
}
