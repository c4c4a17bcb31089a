/**
 * A JSON file that outlives its process. Read once, synchronously, and bounded; a file that is missing or of no use is no
 * error, and one that another user may have written is not believed. Written in the background, a while after a change, to a
 * new file of a name that nobody can guess, which then takes the other's place: no reader ever sees half of it, and no link
 * is followed. What could not be written, on a full disk for one, is tried again until it can.
 */
import { renameSync } from 'node:fs';
import { messageOf } from '../errors/fwk-error.js';
import { FileRefusedError, readRegularFileSync } from '../files/regular-file.js';
import { parseJson } from '../json/parse-json.js';
import type { Env } from '../service/service.js';
import type { Timer } from '../time/clock.js';

/** What is saved where. */
export interface SavedFileOptions {
  readonly file: string;
  /** For messages: `the last known instances`. */
  readonly what: string;
  /** How long after a change it is written, in milliseconds. */
  readonly debounceMs: number;
  /** Bytes above which it is not read. */
  readonly maxBytes: number;
}

/** Pause, in milliseconds, after what could not be written. */
const RETRY_MS = 10_000;

/** One file, written by one owner. */
export class SavedFile {
  readonly #options: SavedFileOptions;
  readonly #env: Env;
  readonly #encode: () => string;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failing = false;
  #closed = false;

  /** @param encode - asked for the text when it is time to write. */
  constructor(options: SavedFileOptions, env: Env, encode: () => string) {
    this.#options = options;
    this.#env = env;
    this.#encode = encode;
  }

  /**
   * What was saved.
   * @param decode - makes sense of the parsed JSON; may throw.
   * @returns undefined when there is nothing, or nothing of use. That is logged, and a file of no use kept as `<file>.bad`,
   * since the next change would take its place.
   */
  read<T>(decode: (tree: unknown) => T): T | undefined {
    const { file, what, maxBytes } = this.#options;
    try {
      return decode(parseJson(readRegularFileSync(file, { maxBytes, own: true })));
    } catch (error) {
      const system = error instanceof Error && 'syscall' in error ? (error as NodeJS.ErrnoException) : undefined;
      if (system?.code === 'ENOENT') return undefined;
      const kept = system || error instanceof FileRefusedError ? undefined : this.#keepAside();
      this.#env.logger.warn({ file, problem: messageOf(error), kept }, `${what} cannot be used`);
      return undefined;
    }
  }

  /** Answers where it is kept. */
  #keepAside(): string | undefined {
    const bad = `${this.#options.file}.bad`;
    try {
      renameSync(this.#options.file, bad);
      return bad;
    } catch {
      return undefined;
    }
  }

  /** Something has changed: it will be written soon. */
  changed(): void {
    this.#timer ??= this.#env.clock.setTimer(() => this.#save(), this.#options.debounceMs, true);
  }

  /** Writes what is not yet written. */
  close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) {
      this.#env.clock.clearTimer(this.#timer);
      this.#save();
    }
    return this.#writing;
  }

  #save(): void {
    this.#timer = undefined;
    // One after the other: an older state must not take the place of a newer one.
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    const { file, what } = this.#options;
    try {
      const [{ randomUUID }, { open, rename, rm }] = await Promise.all([
        import('node:crypto'),
        import('node:fs/promises'),
      ]);
      const temporary = `${file}.${randomUUID()}.tmp`;
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(this.#encode()).finally(() => handle.close());
        await rename(temporary, file);
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => {});
        throw error;
      }
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#env.logger.warn({ err: error, file }, `${what} cannot be written`);
      this.#failing = true;
      if (!this.#closed) this.#timer ??= this.#env.clock.setTimer(() => this.#save(), RETRY_MS, true);
    }
  }
}
