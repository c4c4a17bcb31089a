import { type Clock, systemClock } from '@fwk/kernel';
import { exitAfter, exitProcess } from './exit-after.js';

/** What tells a process to stop: two signals, and the message `shutdown` of PM2 (on Windows, and with `shutdown_with_message`). */
export type StopSignal = 'SIGTERM' | 'SIGINT' | 'shutdown';

/** The part of a process that signals need; tests hand in their own. */
export interface SignalHost {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
  exit(code: number): void;
}

/** Listens for the text `shutdown` where there is a parent that can send it. */
class ShutdownMessages {
  readonly #heard = new Map<() => void, (message: unknown) => void>();

  add(listener: () => void): void {
    // A listener for messages keeps the channel open, and with it the process.
    if (process.send === undefined) return;
    const hear = (message: unknown) => {
      if (message === 'shutdown') listener();
    };
    this.#heard.set(listener, hear);
    process.on('message', hear);
  }

  remove(listener: () => void): void {
    const hear = this.#heard.get(listener);
    if (hear) process.off('message', hear);
    this.#heard.delete(listener);
  }
}

const messages = new ShutdownMessages();

/** This process. */
export const processSignals: SignalHost = {
  on: (signal, listener) => (signal === 'shutdown' ? messages.add(listener) : process.on(signal, listener)),
  off: (signal, listener) => (signal === 'shutdown' ? messages.remove(listener) : process.off(signal, listener)),
  exit: exitProcess,
};

const stopSignals: readonly StopSignal[] = ['SIGTERM', 'SIGINT', 'shutdown'];

/**
 * Time in which a repeated signal is the first one once more, in milliseconds: a terminal or a supervisor signals the whole
 * process group, and `npm` or `node --watch` passes the signal on as well.
 */
const sameSignalMs = 150;

/** Exit code of a process that a second signal ended at once: 128 + the signal's number. */
export const signalExitCodes = Object.freeze({ SIGINT: 130, SIGTERM: 143, shutdown: 143 });

/**
 * Turns SIGTERM and SIGINT into one graceful stop. The exit code is honest: 0 when what was running or starting stopped well, 1
 * when something failed or was cut off. A second signal exits at once, with 128 + its number; the same one within
 * {@link sameSignalMs} of the first is no second. Where several applications of a process stop on one signal, the process exits
 * when the last of them has stopped, with the worst code.
 * @param stop - stops the application; answers the exit code, and 1 is meant when it rejects.
 * @returns what to dispose when the application stopped for another reason.
 */
export function onStopSignal(
  stop: (signal: string) => Promise<number>,
  host: SignalHost = processSignals,
  clock: Clock = systemClock,
): Disposable {
  let first: { readonly signal: string; readonly atMs: number } | undefined;
  const handle = (signal: StopSignal) => {
    const nowMs = clock.now();
    if (first?.signal === signal && nowMs - first.atMs <= sameSignalMs) return;
    if (first) return host.exit(signalExitCodes[signal]);
    first = { signal, atMs: nowMs };
    exitAfter(host, stop(signal));
  };
  const listeners = stopSignals.map((signal) => [signal, () => handle(signal)] as const);
  for (const [signal, listener] of listeners) host.on(signal, listener);
  return {
    [Symbol.dispose]() {
      // While stopping on a signal they stay, so that the second signal still finds somebody.
      if (first) return;
      for (const [signal, listener] of listeners) host.off(signal, listener);
    },
  };
}
