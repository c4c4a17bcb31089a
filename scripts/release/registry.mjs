/** A registry on loopback for the rehearsal of a release: ours are published there, all others come from npm's own registry. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { root } from '../workspace.mjs';

const verdaccio = join(root, 'release/node_modules/verdaccio/bin/verdaccio');
const longestStartMs = 60_000;

/**
 * @param {string} folder where it keeps everything
 * @param {string} upstream registry that others come from
 * @returns {Promise<{ url: string, stop(): Promise<void> }>}
 */
export async function startRegistry(folder, upstream) {
  const port = await freePort();
  const config = join(folder, 'verdaccio.yaml');
  writeFileSync(config, configuration(join(folder, 'storage'), upstream));
  const child = spawn(process.execPath, [verdaccio, '--config', config, '--listen', `127.0.0.1:${port}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const url = `http://127.0.0.1:${port}/`;
  const stop = () => {
    child.kill('SIGKILL');
    return ended;
  };
  const endMs = performance.now() + longestStartMs;
  while (!(await answers(`${url}-/ping`))) {
    if (child.exitCode !== null) throw new Error(`the local registry ended with code ${child.exitCode}`);
    if (performance.now() > endMs) {
      await stop();
      throw new Error(`the local registry did not answer within ${longestStartMs / 1000} s`);
    }
    await wait(200);
  }
  return { url, stop };
}

function configuration(storage, upstream) {
  return [
    `storage: ${JSON.stringify(storage)}`,
    'uplinks:',
    `  upstream: { url: ${JSON.stringify(upstream)}, cache: true, maxage: 1h }`,
    'packages:',
    "  '@fwk/*': { access: $all, publish: $all }",
    "  '**': { access: $all, proxy: upstream }",
    'log: { type: stderr, level: error }',
    '',
  ].join('\n');
}

async function answers(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
