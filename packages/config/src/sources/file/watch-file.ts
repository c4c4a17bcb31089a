/**
 * Says when a file may have changed, however it was changed. A file itself cannot be watched reliably: editors replace
 * it by another, Kubernetes swaps a link (`..data`) two steps away from it, it may not exist yet. So the directories
 * are watched (the file's, that of what its links lead to, or the nearest one that exists), an event only makes us look,
 * and a slow poll looks as well, for file systems that tell nothing (network mounts, exhausted inotify).
 *
 * Looking waits until the file has been quiet for `debounceMs`, so that a write in several steps is seen once; a file
 * that is written without pause is looked at after four times that.
 */
import type { FSWatcher } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock, Timer } from '@fwk/kernel';
import { folderFingerprint } from './folder.js';
import { fingerprintOf } from './read-file.js';

/** Options of {@link watchFile}. */
export interface FileWatchOptions {
  /** Quiet time before a change is looked at, in milliseconds. */
  readonly debounceMs: number;
  /** Time between looks without any event, in milliseconds. */
  readonly pollMs: number;
}

/** What the watcher and whoever reads the file share: the fingerprint that was dealt with last. */
export interface Seen {
  fingerprint: string | undefined;
}

/** Starts watching. Holds neither the process nor, once disposed, any timer or handle. */
export function watchFile(
  absolute: string,
  seen: Seen,
  changed: () => void,
  clock: Clock,
  options: FileWatchOptions,
): Disposable {
  const place = { absolute, isFile: true, fingerprint: () => fingerprintOf(absolute) };
  return started(new FileWatch(place, seen, changed, clock, options));
}

/** The same for all files of a directory, and of what its link `..data` leads to, which Kubernetes swaps. */
export function watchFolder(
  absolute: string,
  seen: Seen,
  changed: () => void,
  clock: Clock,
  options: FileWatchOptions,
): Disposable {
  const place = { absolute: join(absolute, '..data'), isFile: false, fingerprint: () => folderFingerprint(absolute) };
  return started(new FileWatch(place, seen, changed, clock, options));
}

/** What is watched. */
interface Place {
  /** Its directory and that of what it links to are watched. */
  readonly absolute: string;
  /** Whether that is the file itself, so that an event which names it counts even when the fingerprint agrees. */
  readonly isFile: boolean;
  /** What stands there now. */
  fingerprint(): Promise<string>;
}

function started(watch: FileWatch): Disposable {
  watch.look();
  return watch;
}

class FileWatch implements Disposable {
  readonly #place: Place;
  readonly #seen: Seen;
  readonly #changed: () => void;
  readonly #clock: Clock;
  readonly #options: FileWatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #quiet: Timer | undefined;
  #quietSinceMs = 0;
  #poll: Timer | undefined;
  #certain = false;
  #looking = false;
  #again = false;
  #closed = false;

  constructor(place: Place, seen: Seen, changed: () => void, clock: Clock, options: FileWatchOptions) {
    this.#place = place;
    this.#seen = seen;
    this.#changed = changed;
    this.#clock = clock;
    this.#options = options;
  }

  /** Compares the file with what was seen last, one look at a time. */
  look(): void {
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    this.#lookOnce().finally(() => {
      this.#looking = false;
      if (this.#closed) return;
      if (this.#again) {
        this.#again = false;
        this.look();
      } else {
        if (this.#poll) this.#clock.clearTimer(this.#poll);
        this.#poll = this.#clock.setTimer(() => this.look(), this.#options.pollMs, true);
      }
    });
  }

  async #lookOnce(): Promise<void> {
    // Watchers first: what happens after them is an event, what happened before them is in the fingerprint.
    await this.#watchDirectories();
    const certain = this.#certain;
    this.#certain = false;
    const now = await this.#place.fingerprint();
    if (this.#closed) return;
    const before = this.#seen.fingerprint;
    this.#seen.fingerprint = now;
    // An event that names the file counts even when the fingerprint agrees: two writes may fall into one clock tick.
    if (certain || (before !== undefined && before !== now)) this.#changed();
  }

  async #watchDirectories(): Promise<void> {
    const [{ watch }, { realpath, stat }] = await Promise.all([import('node:fs'), import('node:fs/promises')]);
    const wanted = new Map<string, { directory: string; file: string }>();
    const want = async (path: string) => {
      let directory = dirname(path);
      let inode = await inodeOf(directory, stat);
      while (inode === undefined && directory !== dirname(directory)) {
        directory = dirname(directory);
        inode = await inodeOf(directory, stat);
      }
      // The inode tells a directory from another that took its name: the old one's watcher hears nothing any more.
      if (inode !== undefined) wanted.set(`${directory}#${inode}`, { directory, file: basename(path) });
    };
    const { absolute, isFile } = this.#place;
    await want(absolute);
    const target = await realpath(absolute).catch(() => absolute);
    if (target !== absolute) await want(target);
    if (this.#closed) return;
    for (const [key, watcher] of this.#watchers) {
      if (wanted.has(key)) continue;
      watcher.close();
      this.#watchers.delete(key);
    }
    for (const [key, { directory, file }] of wanted) {
      if (this.#watchers.has(key)) continue;
      try {
        const watcher = watch(directory, { persistent: false }, (_, name) => this.#noticed(isFile && name === file));
        watcher.on('error', () => this.#lost(key, watcher));
        this.#watchers.set(key, watcher);
      } catch {
        // No watcher to be had (EMFILE, ENOSPC, gone again): the poll sees the change, and tries for a watcher again.
      }
    }
  }

  #lost(key: string, watcher: FSWatcher): void {
    watcher.close();
    if (this.#watchers.get(key) === watcher) this.#watchers.delete(key);
    this.#noticed(false);
  }

  /** @param certain - whether the event names the file itself; others only make us look. */
  #noticed(certain: boolean): void {
    if (this.#closed) return;
    const nowMs = this.#clock.now();
    if (certain) this.#certain = true;
    if (this.#quiet) {
      if (!certain || nowMs - this.#quietSinceMs > 3 * this.#options.debounceMs) return;
      this.#clock.clearTimer(this.#quiet);
    } else {
      this.#quietSinceMs = nowMs;
    }
    this.#quiet = this.#clock.setTimer(
      () => {
        this.#quiet = undefined;
        this.look();
      },
      this.#options.debounceMs,
      true,
    );
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    if (this.#quiet) this.#clock.clearTimer(this.#quiet);
    if (this.#poll) this.#clock.clearTimer(this.#poll);
    this.#quiet = undefined;
    this.#poll = undefined;
  }
}

type Stat = typeof import('node:fs/promises').stat;

async function inodeOf(directory: string, stat: Stat): Promise<number | undefined> {
  try {
    const found = await stat(directory);
    return found.isDirectory() ? found.ino : undefined;
  } catch {
    return undefined;
  }
}
