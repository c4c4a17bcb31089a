/**
 * From spawn to the first served answer, beside an empty Node and the peers. Where Node keeps compiled code (from 22.1) ours
 * is measured a second time with a cache that an earlier run has filled, as `NODE_COMPILE_CACHE` gives it to every program.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interleave, median, quick, report, round } from '../lib.mjs';
import { emptyNodeMs, freePort, program, startUntil } from '../processes.mjs';

async function untilAnswered(name, env = {}, signal = 'SIGKILL') {
  const { ms, stop } = await startUntil([program(`${name}-startup`)], 'answered', {
    FWK_REGISTRY_PORT: String(await freePort()),
    ...env,
  });
  await stop(signal);
  return ms;
}

/** The subject with compiled code kept; none where Node cannot keep it. */
async function keepingCompiled() {
  if (!nodeModule.enableCompileCache) return {};
  const folder = mkdtempSync(join(tmpdir(), 'fwk-bench-compiled-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const env = { NODE_COMPILE_CACHE: folder };
  // Node writes the cache when a program ends by itself.
  await untilAnswered('fwk', env, 'SIGTERM');
  if (!readdirSync(folder, { recursive: true, withFileTypes: true }).some((entry) => entry.isFile()))
    throw new Error('Node has kept no compiled code');
  return { fwkCached: () => untilAnswered('fwk', env) };
}

const measured = await interleave(
  {
    empty: emptyNodeMs,
    fwk: () => untilAnswered('fwk'),
    ...(await keepingCompiled()),
    fastify: () => untilAnswered('fastify'),
    moleculer: () => untilAnswered('moleculer'),
    nest: () => untilAnswered('nest'),
  },
  { rounds: quick ? 2 : 11, warmUp: 1 },
);
const ms = Object.fromEntries(Object.entries(measured).map(([name, values]) => [name, median(values)]));
const figures = {
  fwkMs: round(ms.fwk, 1),
  emptyMs: round(ms.empty, 1),
  fastifyMs: round(ms.fastify, 1),
  moleculerMs: round(ms.moleculer, 1),
  nestMs: round(ms.nest, 1),
  vsEmpty: round(ms.fwk / ms.empty),
  vsFastify: round(ms.fwk / ms.fastify),
  ...(ms.fwkCached && { fwkCachedMs: round(ms.fwkCached, 1), vsEmptyCached: round(ms.fwkCached / ms.empty) }),
};
report(
  'startup: spawn to first answer, median of rounds',
  [
    ['fwk: registered, ready, called through the client stack', `${figures.fwkMs} ms`],
    ['empty node -e 0', `${figures.emptyMs} ms`],
    ['fastify hello', `${figures.fastifyMs} ms`],
    ['moleculer, local call', `${figures.moleculerMs} ms`],
    ['nest on express', `${figures.nestMs} ms`],
    ['fwk / empty (must be ≤ 2.6)', figures.vsEmpty],
    ...(ms.fwkCached
      ? [
          ['fwk, compiled code kept by Node', `${figures.fwkCachedMs} ms`],
          ['fwk, compiled code kept / empty', figures.vsEmptyCached],
        ]
      : []),
    ['fwk / fastify', figures.vsFastify],
  ],
  figures,
);
