import { type Clock, systemClock } from '@fwk/kernel';

/** The part of `process` that signals need; tests hand in their own. */
export interface SignalHost {
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  off(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * Time in which a repeated signal is the first one once more, in milliseconds: a terminal or a supervisor signals the whole
 * process group, and `npm` or `node --watch` passes the signal on as well.
 */
const sameSignalMs = 150;

/** Exit code of a process that stopped because of a signal without finishing: 128 + the signal's number. */
export const signalExitCodes = Object.freeze({ SIGINT: 130, SIGTERM: 143 });

/**
 * Turns SIGTERM and SIGINT into one graceful stop. The exit code is honest: 0 when what was running stopped well, 1 when
 * a step of stopping failed, 128 + the signal's number when the signal came before the start had ended. A second signal
 * exits at once, with 128 + its number; the same one within {@link sameSignalMs} of the first is no second.
 * @param stop - stops the application; answers false when it had never been running.
 * @returns what to dispose when the application stopped for another reason.
 */
export function onStopSignal(
  stop: (signal: string) => Promise<boolean>,
  host: SignalHost = process,
  clock: Clock = systemClock,
): Disposable {
  let first: { readonly signal: string; readonly atMs: number } | undefined;
  const handle = (signal: 'SIGTERM' | 'SIGINT') => {
    const nowMs = clock.now();
    if (first?.signal === signal && nowMs - first.atMs <= sameSignalMs) return;
    if (first) return host.exit(signalExitCodes[signal]);
    first = { signal, atMs: nowMs };
    stop(signal).then(
      (wasRunning) => host.exit(wasRunning ? 0 : signalExitCodes[signal]),
      () => host.exit(1),
    );
  };
  const onTerm = () => handle('SIGTERM');
  const onInt = () => handle('SIGINT');
  host.on('SIGTERM', onTerm);
  host.on('SIGINT', onInt);
  return {
    [Symbol.dispose]() {
      // While stopping on a signal they stay, so that the second signal still finds somebody.
      if (first) return;
      host.off('SIGTERM', onTerm);
      host.off('SIGINT', onInt);
    },
  };
}
