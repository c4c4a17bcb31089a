/**
 * A registry that is a JSON file, for peers that a deployment or a person knows. It reads only, and follows the file: an
 * edit is in force a moment after it was saved. A file that is broken or gone changes nothing: the last good list stays,
 * marked stale with what is wrong, until the file is good again.
 */
import { resolve } from 'node:path';
import {
  background,
  type CallContext,
  checkOptions,
  type Env,
  type Live,
  makeEnv,
  messageOf,
  millisecondsIn,
  readRegularFile,
  text,
} from '@fwk/kernel';
import { RegistryClosedError } from '../../errors.js';
import type { Instance } from '../../instance.js';
import type { Registry, RegistryConnection } from '../../registry.js';
import { Catalog } from '../catalog.js';
import { Connection } from '../connection.js';
import { replaceAll } from '../replace-all.js';
import { unlistedRegistration } from '../unlisted-registration.js';
import { WatchBoard } from '../watch-board.js';
import { followFile } from './follow-file.js';
import { maxFileBytes, parseInstances } from './instances-file.js';

/** Options of `fileRegistry`. */
export interface FileRegistryOptions {
  /** The JSON file, relative to the working directory. */
  readonly path: string;
  /** Quiet time before a change is read, 1 to 10 000 milliseconds. @defaultValue 50 */
  readonly debounceMs: number;
  /** Time between looks where the file system tells nothing, 100 to 3 600 000 milliseconds. @defaultValue 2000 */
  readonly pollMs: number;
}

/** Defaults of `fileRegistry`. */
export const fileRegistryDefaults = Object.freeze({
  debounceMs: 50,
  pollMs: 2000,
}) satisfies Partial<FileRegistryOptions>;

/**
 * Makes a registry of the instances that a file lists by service, each as a base URL or as an object of which only
 * `address` and `port` are needed. Nothing is read before something is watched.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example `{ "inventory": ["http://10.0.0.4:8080", { "address": "10.0.0.5", "port": 8080, "zone": "b" }] }`
 */
export function fileRegistry(
  options: Pick<FileRegistryOptions, 'path'> & Partial<FileRegistryOptions>,
  env?: Partial<Env>,
): Registry {
  const settings = checkOptions<FileRegistryOptions>('fileRegistry', options, fileRegistryDefaults, {
    path: text,
    debounceMs: millisecondsIn(1, 10_000),
    pollMs: millisecondsIn(100, 3_600_000),
  });
  return new FileRegistry(settings, makeEnv(env));
}

class FileRegistry implements Registry {
  readonly name: string;
  readonly #options: FileRegistryOptions;
  readonly #env: Env;
  readonly #catalog = new Catalog();
  readonly #board = new WatchBoard(this.#catalog, false);
  readonly #connection: Connection;
  #following: Disposable | undefined;
  /** Why the file is not used as it is now. */
  #problem: string | undefined;
  #closed = false;

  constructor(options: FileRegistryOptions, env: Env) {
    this.name = `file ${options.path}`;
    this.#options = options;
    this.#env = env;
    this.#connection = new Connection(this.name, env);
  }

  get connection(): Live<RegistryConnection> {
    return this.#connection.live;
  }

  async register(instance: Instance, context: CallContext = background) {
    if (this.#closed) throw new RegistryClosedError(this.name);
    return unlistedRegistration(instance, context);
  }

  watch(service: string) {
    this.#follow();
    return this.#board.watch(service);
  }

  services() {
    this.#follow();
    return this.#board.services();
  }

  connect(env: Env): Registry {
    return new FileRegistry(this.#options, env);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#following?.[Symbol.dispose]();
    this.#connection.closed();
  }

  #follow(): void {
    if (this.#closed) return;
    const path = resolve(this.#options.path);
    this.#following ??= followFile(path, () => this.#read(path), this.#env.clock, this.#options);
  }

  /** Answers whether the file was read; what it says may be of no use. */
  async #read(path: string): Promise<boolean> {
    let read = false;
    try {
      const content = await readRegularFile(path, { maxBytes: maxFileBytes });
      read = true;
      const instances = parseInstances(content);
      if (!this.#closed) this.#apply(instances);
    } catch (error) {
      if (!this.#closed) this.#refuse(`${this.#options.path} is not used: ${messageOf(error)}`);
    }
    return read;
  }

  #apply(instances: readonly Instance[]): void {
    const changed = replaceAll(this.#catalog, instances, this.name);
    this.#problem = undefined;
    this.#board.markFresh();
    this.#board.publish(changed);
    this.#board.known.set(true);
    this.#connection.answers();
  }

  #refuse(reason: string): void {
    // One that could not be read is tried again and again.
    if (reason === this.#problem) return;
    this.#problem = reason;
    const { clock, logger } = this.#env;
    this.#board.markStale(reason, clock.wallTime());
    logger.warn({ registry: this.name }, reason);
    this.#connection.lost(reason);
  }
}
