/**
 * Says when a file may have changed, whether it was written, replaced by rename (editors, deployments) or swapped by a link
 * (Kubernetes). Its directory is watched, for a watched file is lost with the first rename; an event only makes us look,
 * and a poll looks as well, for file systems that tell nothing and directories that are replaced themselves.
 */
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock, Timer } from '@fwk/kernel';

/** How a file is followed; times in milliseconds. */
export interface FollowOptions {
  /** Quiet time after an event before the file is looked at. */
  readonly debounceMs: number;
  /** Time between looks without any event. */
  readonly pollMs: number;
}

/**
 * Follows a file from now on, beginning with a look. Holds neither the process nor, once disposed, any timer or handle.
 * @param changed - called one at a time, at first and whenever the file may differ from what it was before that. Answers
 * whether the file was read; otherwise it is called again with the next look.
 */
export function followFile(path: string, changed: () => Promise<boolean>, clock: Clock, options: FollowOptions) {
  let watcher: FSWatcher | undefined;
  let watched: string | undefined;
  let timer: Timer | undefined;
  let seen: string | undefined;
  let looking = false;
  let again = false;
  let closed = false;

  const schedule = (delayMs: number) => {
    if (timer) clock.clearTimer(timer);
    timer = closed ? undefined : clock.setTimer(() => void look(), delayMs, true);
  };
  const noticed = () => {
    if (looking) again = true;
    else schedule(options.debounceMs);
  };
  const watchDirectory = async () => {
    const directory = dirname(path);
    const found = await printOf(directory, true);
    if (closed || (watcher && found === watched)) return;
    watcher?.close();
    watcher = undefined;
    watched = found;
    if (found === 'absent') return;
    try {
      watcher = watch(directory, { persistent: false }, noticed);
      watcher.on('error', () => {
        watcher?.close();
        watcher = undefined;
      });
    } catch {
      // None to be had (EMFILE, ENOSPC): the poll sees changes, and tries for a watcher again.
    }
  };
  const look = async () => {
    looking = true;
    again = false;
    // The watcher first: what happens after it is an event, what happened before it is in the print.
    await watchDirectory();
    const found = await printOf(path, false);
    if (!closed && found !== seen) seen = (await changed()) ? found : undefined;
    looking = false;
    schedule(again ? options.debounceMs : options.pollMs);
  };

  void look();
  return {
    [Symbol.dispose]() {
      closed = true;
      watcher?.close();
      if (timer) clock.clearTimer(timer);
      timer = undefined;
    },
  };
}

/** What tells one state of a path from another; a directory only by which one it is. */
async function printOf(path: string, directory: boolean): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return directory ? `${dev}:${ino}` : `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
  } catch {
    return 'absent';
  }
}
