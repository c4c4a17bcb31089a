/** From spawn to the first served answer, beside an empty Node and the peers. */
import { interleave, median, quick, report, round } from '../lib.mjs';
import { emptyNodeMs, freePort, program, startUntil } from '../processes.mjs';

async function untilAnswered(name) {
  const { ms, stop } = await startUntil([program(`${name}-startup`)], 'answered', {
    FWK_REGISTRY_PORT: String(await freePort()),
  });
  await stop();
  return ms;
}

const measured = await interleave(
  {
    empty: emptyNodeMs,
    fwk: () => untilAnswered('fwk'),
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
};
report(
  'startup: spawn to first answer, median of rounds',
  [
    ['fwk: registered, ready, called through the client stack', `${figures.fwkMs} ms`],
    ['empty node -e 0', `${figures.emptyMs} ms`],
    ['fastify hello', `${figures.fastifyMs} ms`],
    ['moleculer, local call', `${figures.moleculerMs} ms`],
    ['nest on express', `${figures.nestMs} ms`],
    ['fwk / empty (must be ≤ 3.5)', figures.vsEmpty],
    ['fwk / fastify', figures.vsFastify],
  ],
  figures,
);
