/** npm, for what it answers and not for what it tells people. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Runs npm without the packages' own scripts.
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {Record<string, string>} [env] besides that of this process
 * @returns {Promise<string>} its standard output
 * @throws Error with what it said
 */
export async function npm(args, cwd, env) {
  const { stdout } = await promisify(execFile)('npm', [...args, '--ignore-scripts', '--loglevel=error'], {
    cwd,
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
  });
  return stdout;
}
