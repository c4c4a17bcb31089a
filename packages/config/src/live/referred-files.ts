import type { Clock } from '@fwk/kernel';
import { type FileWatchOptions, watchFile } from '../sources/file/watch-file.js';

/** Watches the files that references name, so that a secret which is rotated is read again. */
export class ReferredFiles implements Disposable {
  readonly #changed: () => void;
  readonly #clock: Clock;
  readonly #options: FileWatchOptions;
  readonly #watches = new Map<string, Disposable>();
  #closed = false;

  constructor(changed: () => void, clock: Clock, options: FileWatchOptions) {
    this.#changed = changed;
    this.#clock = clock;
    this.#options = options;
  }

  /** Watches exactly these from now on. @param files - absolute paths. */
  follow(files: readonly string[]): void {
    if (this.#closed) return;
    for (const [file, watch] of this.#watches) {
      if (files.includes(file)) continue;
      watch[Symbol.dispose]();
      this.#watches.delete(file);
    }
    for (const file of files) {
      if (this.#watches.has(file)) continue;
      // What was read may have changed before it was watched: the first look counts as a change, and it is read once more.
      const seen = { fingerprint: 'not watched yet' };
      this.#watches.set(file, watchFile(file, seen, this.#changed, this.#clock, this.#options));
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const watch of this.#watches.values()) watch[Symbol.dispose]();
    this.#watches.clear();
  }
}
