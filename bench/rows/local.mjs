/**
 * A call of one service by another in the same process, with all layers, beside a local call of Moleculer with its layers. Each
 * is a process of its own, and calls are made one after the other. What counts is the CPU time of the process: other programs of
 * the machine cannot add to it.
 */
import { interleave, median, pairedRatio, quick, report, round } from '../lib.mjs';
import { answerOf, program } from '../processes.mjs';

const calls = quick ? 2_000 : 100_000;

const answers = { fwk: [], moleculer: [] };
const warmUp = quick ? 0 : 1;
const measure = (name) => async () => {
  const answer = await answerOf([program(`local-${name}`), String(calls)]);
  answers[name].push(answer);
  return answer.cpuUs;
};
const cpuUs = await interleave(
  { fwk: measure('fwk'), moleculer: measure('moleculer') },
  { rounds: quick ? 1 : 7, warmUp },
);
const elapsedUs = (name) => median(answers[name].slice(warmUp).map((answer) => answer.elapsedUs));
const ratio = pairedRatio(cpuUs.fwk, cpuUs.moleculer);
const figures = {
  localUs: round(median(cpuUs.fwk)),
  moleculerLocalUs: round(median(cpuUs.moleculer)),
  ratio: round(ratio.median, 3),
  ratioRange: [round(ratio.low, 3), round(ratio.high, 3)],
  localElapsedUs: round(elapsedUs('fwk')),
  moleculerLocalElapsedUs: round(elapsedUs('moleculer')),
};
report(
  'local: a call within one process, median of rounds',
  [
    ['fwk, CPU (must be ≤ 4 µs)', `${figures.localUs} µs`],
    ['moleculer, CPU', `${figures.moleculerLocalUs} µs`],
    ['fwk / moleculer (must be ≤ 0.333)', `${figures.ratio} (95 %: ${figures.ratioRange.join(' to ')})`],
    ['elapsed, fwk and moleculer', `${figures.localElapsedUs} and ${figures.moleculerLocalElapsedUs} µs`],
  ],
  figures,
);
