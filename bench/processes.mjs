/** Child processes of a measurement: started, waited for by what they print, ended with it. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { longestMs, within } from './within.mjs';

const limitMs = 30_000;
/** How long a process may take to end after a signal that it may answer. */
const endLimitMs = 10_000;

/** Those that run; none outlives this process. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export const program = (name) => fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url));

/**
 * Starts Node and resolves once it has printed a line that begins with `word`. `stop` ends it, by SIGKILL unless told.
 * With `asked` the program takes questions, which `ask` puts. One that imports tell-costs.mjs answers its CPU time so far, in
 * microseconds, by `cpu`, and by `memory` the bytes that it uses and has, where it was started with `--expose-gc`.
 */
export async function startUntil(args, word, env = {}, { asked = false } = {}) {
  const startMs = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', ...(asked ? ['ipc'] : [])],
  });
  remember(child);
  await new Promise((resolve, reject) => {
    const limit = setTimeout(() => fail(`did not say "${word}" in ${limitMs} ms`), limitMs);
    const fail = (what) => {
      child.kill('SIGKILL');
      reject(new Error(`node ${args.join(' ')} ${what}`));
    };
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (!text.split('\n').some((line) => line.startsWith(word))) return;
      clearTimeout(limit);
      resolve();
    });
    child.once('exit', (code) => {
      clearTimeout(limit);
      fail(`ended with ${code} before it said "${word}"`);
    });
  });
  return {
    ms: performance.now() - startMs,
    stop: (signal) => end(child, signal),
    ask: (what, answerMs) => ask(child, what, answerMs),
    cpu: () => ask(child, 'cpu'),
    memory: () => ask(child, 'memory'),
  };
}

function remember(child) {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

/** @throws Error when the process ends, or has ended, before it answers, or takes too long for that */
function ask(child, what, answerMs = longestMs) {
  const answered = new Promise((resolve, reject) => {
    const gone = () =>
      reject(
        new Error(`a process ended with ${child.exitCode ?? child.signalCode} when asked for ${JSON.stringify(what)}`),
      );
    if (!child.connected) return gone();
    child.once('exit', gone);
    child.once('message', (answer) => {
      child.off('exit', gone);
      resolve(answer);
    });
    child.send(what, (error) => {
      if (error) reject(error);
    });
  });
  const name = child.spawnargs.slice(1).join(' ');
  return within(answerMs, `the answer of node ${name} to ${JSON.stringify(what)}`, answered);
}

/** Runs Node to its end; resolves with the JSON that it printed. */
export async function answerOf(args, env = {}) {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  remember(child);
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const code = await within(longestMs, `node ${args.join(' ')}`, closed);
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`);
  return JSON.parse(text);
}

/** Milliseconds until an empty Node has ended. */
export async function emptyNodeMs() {
  const startMs = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  return performance.now() - startMs;
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function end(child, signal = 'SIGKILL') {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return within(endLimitMs, `a process that was sent ${signal}`, ended);
}
