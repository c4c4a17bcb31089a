import { sharedState } from '@fwk/kernel';

/** What can be ended with a code: the process. */
export interface ExitHost {
  exit(code: number): void;
}

interface Exits {
  /** Work that the exit waits for. */
  pending: number;
  /** The worst code so far. */
  code: number;
}

/** By what ends the process, since signals and faults end the same one. */
const exitsOf = sharedState('exits', () => new WeakMap<ExitHost['exit'], Exits>());

/** Ends this process. One function for all copies of this package. */
export const { exit: exitProcess } = sharedState(
  'process exit',
  (): ExitHost => ({ exit: (code) => process.exit(code) }),
);

/**
 * Ends the process when this work, and all other work that was given here meanwhile, is over. One process may run several
 * applications; the first one that has stopped must not take the calls of the others with it.
 * @param work - answers the exit code; 1 when it fails. The highest of all counts.
 */
export function exitAfter(host: ExitHost, work: Promise<number>): void {
  const exits = exitsOf.get(host.exit) ?? { pending: 0, code: 0 };
  exitsOf.set(host.exit, exits);
  exits.pending++;
  const over = (code: number) => {
    exits.pending--;
    exits.code = Math.max(exits.code, code);
    if (exits.pending === 0) host.exit(exits.code);
  };
  work.then(over, () => over(1));
}
