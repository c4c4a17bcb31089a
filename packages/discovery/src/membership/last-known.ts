/**
 * The last known lists on disk, so that a process can start while the registry is down. Opt-in: who runs where is then
 * readable for whoever may read the file, and a list from yesterday is only a guess.
 *
 * Read once, synchronously, before anything is watched, and checked like data from outside.
 */
import {
  checkOptions,
  type Env,
  isFwkError,
  type Live,
  millisecondsIn,
  SavedFile,
  type Timer,
  text,
} from '@fwk/kernel';
import { type Instance, parseInstance } from '../instance.js';

/** Options of persisting last known lists. */
export interface PersistOptions {
  /** A file for this application alone; its folder must exist. */
  readonly file: string;
  /** How long after a change it is written, 0 to 60 000 milliseconds. @defaultValue 1000 */
  readonly debounceMs: number;
  /** How old a list may be to be used, 1000 to 2 592 000 000 milliseconds. @defaultValue 86400000 */
  readonly maxAgeMs: number;
}

/** Defaults of {@link PersistOptions}. */
export const persistDefaults = Object.freeze({
  debounceMs: 1000,
  maxAgeMs: 86_400_000,
}) satisfies Partial<PersistOptions>;

/** How often, as a share of the age at which they are no longer used, lists are written that have not changed. */
const CONFIRM_SHARE = 1 / 4;
/** The widest range that a `Date` can show, in milliseconds about the epoch. */
const MAX_DATE_MS = 8.64e15;

/** What a file of last known lists may hold; more is not read, and not written. */
export const lastKnownLimits = Object.freeze({ services: 1000, instances: 10_000, bytes: 16 * 1024 * 1024 });

/** The list of a service as it was. */
export interface KnownList {
  /** When it was last known to be true: wall-clock milliseconds since the epoch. */
  readonly savedAtMs: number;
  readonly instances: readonly Instance[];
}

/** Last known lists of one application. */
export interface LastKnown {
  /** The list of a service as it was saved, if it is young enough and not empty. */
  of(service: string): KnownList | undefined;
  /**
   * Takes down the newest list of a service, to be written soon.
   * @param instances - grows old only from when it is stale or has another value than it had here.
   */
  note(service: string, instances: Live<readonly Instance[]>): void;
  /** Writes what is not yet written. */
  close(): Promise<void>;
}

/**
 * Reads the lists that were saved. A file that is missing or of no use is no error: nothing is known then.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function lastKnown(options: Pick<PersistOptions, 'file'> & Partial<PersistOptions>, env: Env): LastKnown {
  return new SavedLists(checkPersistOptions(options), env);
}

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkPersistOptions(given: Partial<PersistOptions>): PersistOptions {
  return checkOptions<PersistOptions>('discovery persist', given, persistDefaults, {
    file: text,
    debounceMs: millisecondsIn(0, 60_000),
    maxAgeMs: millisecondsIn(1000, 2_592_000_000),
  });
}

class SavedLists implements LastKnown {
  readonly #options: PersistOptions;
  readonly #env: Env;
  readonly #lists: Map<string, KnownList>;
  readonly #file: SavedFile;
  /** Where the lists come from that this process has noted. */
  readonly #sources = new Map<string, Live<readonly Instance[]>>();
  #timer: Timer | undefined;

  constructor(options: PersistOptions, env: Env) {
    this.#options = options;
    this.#env = env;
    const { file, debounceMs } = options;
    const what = 'the last known instances';
    this.#file = new SavedFile({ file, what, debounceMs, maxBytes: lastKnownLimits.bytes }, env, () => this.#encode());
    this.#lists = this.#file.read(decode) ?? new Map();
  }

  of(service: string): KnownList | undefined {
    const known = this.#lists.get(service);
    return known && known.instances.length > 0 && this.#isYoung(known) ? known : undefined;
  }

  note(service: string, instances: Live<readonly Instance[]>): void {
    this.#lists.delete(service);
    this.#lists.set(service, { savedAtMs: this.#env.clock.wallTime(), instances: instances.value });
    this.#sources.set(service, instances);
    this.#file.changed();
    this.#confirmLater();
  }

  close(): Promise<void> {
    if (this.#timer) this.#env.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    if (this.#sources.size > 0) this.#file.changed();
    return this.#file.close();
  }

  /** A service that nothing happens to would otherwise be too old to be of use when it is needed. */
  #confirmLater(): void {
    this.#timer ??= this.#env.clock.setTimer(
      () => {
        this.#timer = undefined;
        this.#file.changed();
        this.#confirmLater();
      },
      this.#options.maxAgeMs * CONFIRM_SHARE,
      true,
    );
  }

  /** What the registry still says is as good as new. */
  #confirm(): void {
    const savedAtMs = this.#env.clock.wallTime();
    for (const [service, { stale, value }] of this.#sources) {
      if (stale === undefined && this.#lists.get(service)?.instances === value) {
        this.#lists.set(service, { savedAtMs, instances: value });
      }
    }
  }

  #isYoung({ savedAtMs }: KnownList): boolean {
    return this.#env.clock.wallTime() - savedAtMs <= this.#options.maxAgeMs;
  }

  /** The newest lists first, as far as there is room. */
  #encode(): string {
    this.#confirm();
    let room = lastKnownLimits.instances;
    const lists: [string, KnownList][] = [];
    for (const [service, list] of [...this.#lists].reverse()) {
      if (lists.length === lastKnownLimits.services || list.instances.length > room) break;
      if (!this.#isYoung(list)) continue;
      room -= list.instances.length;
      lists.push([service, list]);
    }
    return JSON.stringify({ services: Object.fromEntries(lists.reverse()) });
  }
}

/** Lists that are not what they should be are left out; the others are still worth having. */
function decode(tree: unknown): Map<string, KnownList> {
  const services = fieldOf(tree, 'services');
  if (typeof services !== 'object' || services === null) throw new Error('there are no services in it');
  const lists = new Map<string, KnownList>();
  let room = lastKnownLimits.instances;
  for (const [service, list] of Object.entries(services).slice(0, lastKnownLimits.services)) {
    const [savedAtMs, given] = [fieldOf(list, 'savedAtMs'), fieldOf(list, 'instances')];
    if (
      typeof savedAtMs !== 'number' ||
      Math.abs(savedAtMs) > MAX_DATE_MS ||
      !Array.isArray(given) ||
      given.length > room
    )
      continue;
    room -= given.length;
    const instances = given.map(readInstance).filter((instance) => instance?.service === service);
    lists.set(service, { savedAtMs, instances: instances as readonly Instance[] });
  }
  return lists;
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field)
    ? (value as Readonly<Record<string, unknown>>)[field]
    : undefined;
}

function readInstance(value: unknown): Instance | undefined {
  try {
    return parseInstance(value);
  } catch (error) {
    if (isFwkError(error, 'FWK_DISCOVERY_INSTANCE_INVALID')) return undefined;
    throw error;
  }
}
