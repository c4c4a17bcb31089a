/** Runs a child process to its end: no shell, signals passed on, the exit code kept honest. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * @param command - the program.
 * @param args - its arguments.
 * @param options.stdout - `inherit`, or `stderr` to keep our own stdout clean, or a function that is given every chunk
 *   of both streams. @defaultValue inherit
 * @returns the exit code; 128 + the signal's number when a signal ended it; 127 when it could not be started.
 */
export function run(command, args, { stdout = 'inherit', ...options } = {}) {
  const collect = typeof stdout === 'function' ? stdout : undefined;
  const stdio = collect ? ['ignore', 'pipe', 'pipe'] : ['inherit', stdout === 'stderr' ? 2 : 'inherit', 'inherit'];
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio });
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    // A terminal sends Ctrl-C to the whole group, a supervisor only to us: the child hears of both, and decides.
    const pass = (signal) => child.kill(signal);
    const alreadySent = () => {};
    const onInterrupt = process.stdin.isTTY ? alreadySent : pass;
    process.on('SIGINT', onInterrupt);
    process.on('SIGTERM', pass);
    const settle = (code) => {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', pass);
      resolve(code);
    };
    child.once('error', (error) => {
      process.stderr.write(`could not start ${command}: ${error.message}\n`);
      settle(127);
    });
    child.once('close', (code, signal) => settle(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
