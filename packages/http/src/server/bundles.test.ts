/** A service in a single file, made by a bundler and run where there is no `node_modules`. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));

const program = `
  import { createApp, createContainer, createLogger, Injectable } from '@fwk/core';
  import { clientOf, contract, get, http, served } from '@fwk/http';
  import { discovery, staticRegistry } from '@fwk/discovery';
  import { config } from '@fwk/config';
  import { policy } from '@fwk/resilience';

  async function main() {
    class Shelf { constructor(size = 3) { this.size = size; } }
    Injectable()(Shelf);
    const lines = [];
    const logger = createLogger({ destination: { write: (line) => lines.push(line) } });
    logger.info({ order: 7 }, 'placed');
    await logger.flush();
    const guarded = policy('stock', { timeoutMs: 1000, retry: {}, breaker: {} }).wrap(async () => 'answered');
    const app = createApp({ name: 'bundled', version: '1.0.0', owner: 'team', use: [config()], providers: [Shelf],
      logging: { level: 'silent' }, management: { port: 0 } });
    await app.start();
    const metrics = await (await fetch(app.managementUrl + '/manage/metrics')).text();
    console.log(JSON.stringify({
      size: app.get(Shelf).size,
      logged: JSON.parse(lines[0]).message,
      call: await guarded(),
      metrics: metrics.includes('target_info'),
    }));
    await app.stop();
  }
  main().catch((error) => { console.error(error); process.exit(1); });
  export const kept = [clientOf, contract, get, http, served, discovery, staticRegistry];
`;

/** What esbuild's own documentation asks of bundles in ES module form: libraries in them require Node's modules. */
const requireBanner =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __filename = import.meta.filename ?? ''; const __dirname = import.meta.dirname ?? '';";

test.each(['esm', 'cjs'] as const)(
  'a bundle of esbuild (%s) starts, logs, guards and shows metrics',
  async (format) => {
    const folder = await mkdtemp(join(tmpdir(), 'fwk-bundle-'));
    try {
      const outfile = join(folder, format === 'esm' ? 'main.mjs' : 'main.cjs');
      const { warnings } = await build({
        stdin: { contents: program, resolveDir: root, loader: 'js' },
        outfile,
        bundle: true,
        platform: 'node',
        format,
        target: 'node20',
        logLevel: 'silent',
        ...(format === 'esm' && { banner: { js: requireBanner } }),
      });
      // That files without side effects are left out is what `sideEffects: false` is for.
      expect(warnings.filter(({ id }) => id !== 'ignored-bare-import').map(({ text }) => text)).toEqual([]);
      const { stdout } = await run(process.execPath, [outfile], { cwd: folder });
      expect(JSON.parse(stdout)).toEqual({ size: 3, logged: 'placed', call: 'answered', metrics: true });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
