/** Runs one command of a row: bounded in time, with all that it starts, and with what it wrote at hand. */
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

/** A command that did not do what the row wants of it. Its message is the row's reason; `output` is all that it wrote. */
export class RowFailure extends Error {
  name = 'RowFailure';

  constructor(message, output = '') {
    super(message);
    this.output = output;
  }
}

const keptCharacters = 64_000;

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: Record<string, string>, limitMs: number, signal?: AbortSignal }} options `signal` ends the run at once
 * @returns {Promise<{ code: number | null, output: string, late: boolean }>} both streams in the order in which they came
 */
export function runCommand(command, args, { cwd, env, limitMs, signal }) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new RowFailure('the run was ended'));
    // A group of its own: installers start helpers, and those are to end with them.
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    let late = false;
    const take = (chunk) => {
      output = (output + chunk).slice(-keptCharacters);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const end = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
    };
    const timer = setTimeout(() => {
      late = true;
      end();
    }, limitMs);
    signal?.addEventListener('abort', end);
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    };
    child.once('error', (error) => {
      settle();
      reject(new RowFailure(`${command} could not be started: ${error.message}`));
    });
    child.once('close', (code) => {
      settle();
      resolve({ code, output, late });
    });
  });
}

/**
 * The line of an output that says most: the first that names an error, else the first that looks like one, else the last.
 * @param {string} output
 */
export function tellingLine(output) {
  const lines = stripVTControlCharacters(output)
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const names = /^(?:\[?\w*Error\b|error\b|npm error\b|FWK_)|: error TS\d/i;
  const looks = /error\b|cannot find|not supported|unexpected/i;
  const found = lines.find((line) => names.test(line)) ?? lines.find((line) => looks.test(line)) ?? lines.at(-1);
  return (found ?? 'it wrote nothing').slice(0, 300);
}
