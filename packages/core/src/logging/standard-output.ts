/**
 * Where lines go by default: the standard output, by pino's destination. pino takes 10 to 20 ms to load, so it is loaded
 * shortly after the first line. Until then, and where pino cannot be loaded, each line is written at once by `fs`. So no line is
 * lost, however the process ends.
 *
 * In its cluster mode PM2 (7.0.4) does not read the standard output of workers. It replaces `process.stdout.write` by a function that
 * collects their lines. There lines go to that function, which takes them asynchronously.
 */
import { writeSync } from 'node:fs';
import { type Clock, settleWithin } from '@fwk/kernel';
import type { LineDestination } from './logger-options.js';

const fd = 1;
/** Bytes that may wait while nothing can be written, as on a full disk; later lines are lost. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** How long a reader that reads nothing may hold a line that is written by `fs`, in steps of 10 milliseconds. */
const maxTries = 100;
const tryAfterMs = 10;

/** A destination whose lines may still wait. */
export interface StandardOutput extends LineDestination {
  /** Hands over what waits; settles when it has been taken, or after a second. */
  flush(): Promise<void>;
}

/** The part of pino that is used. */
export type PinoModule = Pick<typeof import('pino'), 'pino'>;

/** Makes the default destination. @param loadPino - asked once, `loadAfterMs` after the first line. */
export function standardOutput(
  clock: Clock,
  loadAfterMs: number,
  loadPino: () => Promise<PinoModule> = () => import('pino'),
): StandardOutput {
  return collectedOutput(clock) ?? ownOutput(clock, loadAfterMs, loadPino);
}

function ownOutput(clock: Clock, loadAfterMs: number, loadPino: () => Promise<PinoModule>): StandardOutput {
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
    async flush() {
      stream?.flushSync();
    },
  };
}

/** Longest wait for a collector to take what it was given, in milliseconds. */
const collectorLimitMs = 1000;

/** Writes by the function of PM2; undefined where there is none. */
function collectedOutput(clock: Clock): StandardOutput | undefined {
  // The standard output takes milliseconds to open, so it is looked at only where PM2 has opened it.
  if (process.env.pm_id === undefined || !Object.hasOwn(process.stdout, 'write')) return undefined;
  let given = 0;
  let taken = 0;
  let allTaken = () => {};
  return {
    write(line) {
      given++;
      process.stdout.write(line, 'utf8', () => {
        if (++taken === given) allTaken();
      });
    },
    async flush() {
      if (taken === given) return;
      const all = new Promise<void>((resolve) => {
        allTaken = resolve;
      });
      await settleWithin(all, { clock, limitMs: collectorLimitMs, late: () => undefined });
    },
  };
}

/** Writes the whole line. Drops the rest when the reader does not read for a second, or has gone. */
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
