/** 10,000 breakers that have served one call each and then rest: heap each, CPU while idle. Each kind in a process of its own. */
import { interleave, median, quick, report, round } from '../lib.mjs';
import { answerOf, program } from '../processes.mjs';

const count = quick ? 1_000 : 10_000;
const idleMs = quick ? 1_000 : 10_000;

const answers = await interleave(
  { fwk: () => measure('fwk'), opossum: () => measure('opossum') },
  { rounds: quick ? 1 : 3, warmUp: 0 },
);
const medianOf = (kind, field) => median(answers[kind].map((answer) => answer[field]));
const figures = {
  fwkKB: round(medianOf('fwk', 'kB')),
  fwkIdleCpuPct: round(medianOf('fwk', 'idleCpuPct')),
  opossumKB: round(medianOf('opossum', 'kB')),
  opossumIdleCpuPct: round(medianOf('opossum', 'idleCpuPct')),
};
report(
  `breakers: ${count} that rest for ${idleMs / 1000} s`,
  [
    ['fwk, heap each (must be ≤ 3 kB)', `${figures.fwkKB} kB`],
    ['fwk, idle CPU (must be ≤ 0.1 %)', `${figures.fwkIdleCpuPct} %`],
    ['opossum, heap each', `${figures.opossumKB} kB`],
    ['opossum, idle CPU', `${figures.opossumIdleCpuPct} %`],
  ],
  figures,
);

function measure(kind) {
  return answerOf(['--expose-gc', program('idle-breakers'), kind, String(count), String(idleMs)]);
}
