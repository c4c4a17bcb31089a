/**
 * Where lines go by default: the standard output, by pino's destination. pino takes 10 to 20 ms to load, so that waits until
 * shortly after the first line. Until then, and where pino cannot be loaded, each line is written at once by `fs`, so that no
 * way in which the process may end loses one.
 */
import { writeSync } from 'node:fs';
import type { Clock } from '@fwk/kernel';
import type { LineDestination } from './logger-options.js';

const fd = 1;
/** Bytes that may wait while nothing can be written, as on a full disk; later lines are lost. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** How long a reader that reads nothing may hold a line that is written by `fs`, in steps of 10 milliseconds. */
const maxTries = 100;
const tryAfterMs = 10;

/** A destination whose lines may still wait. */
export interface StandardOutput extends LineDestination {
  /** Hands over what waits. */
  flush(): void;
}

/** What is used of pino. */
export type PinoModule = Pick<typeof import('pino'), 'pino'>;

/** Makes it. @param loadPino - asked once, `loadAfterMs` after the first line. */
export function standardOutput(
  clock: Clock,
  loadAfterMs: number,
  loadPino: () => Promise<PinoModule> = () => import('pino'),
): StandardOutput {
  let stream: ReturnType<PinoModule['pino']['destination']> | undefined;
  let begun = false;
  const take = ({ pino }: PinoModule) => {
    const made = pino.destination({ fd, sync: true, maxLength: maxWaitingBytes });
    // A log must not end the program: not when its reader has gone, nor when the disk is full.
    made.on('error', () => undefined);
    stream = made;
  };
  const load = () =>
    void loadPino()
      .then(take)
      .catch(() => undefined);
  return {
    write(line) {
      if (stream) {
        stream.write(line);
        return;
      }
      writeNow(line);
      if (begun) return;
      begun = true;
      clock.setTimer(load, loadAfterMs, true);
    },
    flush() {
      stream?.flushSync();
    },
  };
}

/** Writes the whole line, or gives it up when the reader does not read or has gone. */
function writeNow(line: string): void {
  const bytes = Buffer.from(line);
  let at = 0;
  for (let tries = 0; at < bytes.length && tries < maxTries; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
      tries++;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, tryAfterMs);
    }
  }
}
