/** Programs of other people that a peer needs. */
import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { ToolMissingError } from './interop.js';

const run = promisify(execFile);

/**
 * Asks a program something, such as its version.
 * @param what - names it for people, in an error.
 * @throws ToolMissingError when there is no such program.
 */
export async function askTool(program: string, args: string[], what: string, signal: AbortSignal): Promise<string> {
  try {
    return (await run(program, args, { signal })).stdout.trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new ToolMissingError(`${what} is needed, and there is no "${program}"`);
  }
}

/** A program that is to end with this process at the latest, also when that is interrupted. @returns what ends it */
export function endsWithUs(child: ChildProcess): () => Promise<void> {
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  return async () => {
    process.off('exit', kill);
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const ended = once(child, 'exit');
    kill();
    await ended;
  };
}
