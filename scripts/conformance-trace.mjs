/**
 * `npm run conformance:trace`: W3C trace context. Runs our own cases, and then the harness of the W3C itself, which is fetched at a
 * pinned commit into `.cache` (it is not part of this repository) and needs git, python3 and pip.
 *
 * Ends with 0 when all that could be run has passed, 1 when a case failed. Where the harness cannot be had the last line says so;
 * with `--w3c` that ends with 2. `W3C_TRACE_CONTEXT` names a checkout that is there already.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

const repository = 'https://github.com/w3c/trace-context';
const commit = 'acab820';
const packages = ['aiohttp==3.14.5'];
/** Longest time for fetching, and for the harness to run, in milliseconds. */
const [fetchMs, harnessMs] = [120_000, 300_000];

const program = join(root, 'interop/dist/trace-context/main.js');
const cache = join(root, '.cache/w3c-trace-context');

/** Ends with an error that says what is missing. */
function tool(command, args, options = {}) {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: fetchMs, ...options });
  if (status === 0) return;
  throw new Error(`"${command} ${args.join(' ')}" failed: ${error?.message ?? stderr?.trim().split('\n').at(-1)}`);
}

function checkout() {
  if (process.env.W3C_TRACE_CONTEXT) return process.env.W3C_TRACE_CONTEXT;
  const folder = join(cache, commit);
  if (existsSync(join(folder, 'test/test.py'))) return folder;
  mkdirSync(folder, { recursive: true });
  tool('git', ['clone', '--quiet', repository, folder]);
  tool('git', ['-C', folder, 'checkout', '--quiet', commit]);
  return folder;
}

function python() {
  const folder = join(cache, 'venv');
  const found = join(folder, 'bin/python');
  if (!existsSync(found)) tool('python3', ['-m', 'venv', folder]);
  if (spawnSync(found, ['-c', 'import aiohttp']).status !== 0)
    tool(found, ['-m', 'pip', 'install', '--quiet', ...packages]);
  return found;
}

/** The exit code of the harness. */
async function harness() {
  const folder = join(checkout(), 'test');
  const interpreter = python();
  const service = spawn(process.execPath, [program, '--serve'], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [line] = await once(service.stdout.setEncoding('utf8'), 'data');
    const env = { ...process.env, STRICT_LEVEL: '2', SPEC_LEVEL: '2', PYTHONDONTWRITEBYTECODE: '1' };
    const { status } = spawnSync(interpreter, ['test.py', line.trim()], {
      cwd: folder,
      env,
      stdio: 'inherit',
      timeout: harnessMs,
    });
    return status ?? 1;
  } finally {
    service.stdin.end();
    await once(service, 'exit');
  }
}

const own = (await prepare()) || (await run(process.execPath, [program], { cwd: root }));
try {
  const theirs = await harness();
  process.stdout.write(theirs === 0 ? 'the harness of the W3C passed\n' : 'the harness of the W3C FAILED\n');
  process.exitCode = own || theirs;
} catch (error) {
  process.stdout.write(`the harness of the W3C was not run: ${error.message}\n`);
  process.exitCode = own || (process.argv.includes('--w3c') ? 2 : 0);
}
