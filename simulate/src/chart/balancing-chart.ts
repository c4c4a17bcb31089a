/** The chart of balancing: what the simulator measured, beside what was published or computed elsewhere. */
import { type BarPanel, barsHeight, drawBars } from './bars.js';
import { type Figures, figureOf } from './figures.js';
import { drawQueueing, queueingHeight } from './queueing-panel.js';
import { bar, dot, escaped, label } from './svg.js';

/** The rows that it shows. */
export const chartRows: readonly string[] = Object.freeze(['slow-server', 'queueing', 'ramp', 'many-balancers']);

const COLUMN = 440;
const GAP = 24;

/** Light by default, dark where the reader's system is. */
const STYLE = `
svg { background: #ffffff; font: 12px system-ui, sans-serif; }
text { fill: #1f2328; stroke: #ffffff; stroke-width: 3; paint-order: stroke; }
.title { font-weight: 600; font-size: 13px; }
.small { fill: #57606a; font-size: 11px; }
.value { font-variant-numeric: tabular-nums; }
.grid { stroke: #d0d7de; }
.must { stroke: #cf222e; stroke-dasharray: 4 3; }
.ours { fill: #0969da; }
.other { fill: #afb8c1; }
.published { fill: #ffffff; stroke: #bf5af2; stroke-width: 2; }
.measured { fill: #0969da; }
.theory { fill: none; stroke: #bf5af2; stroke-width: 2; }
.dashed { stroke-dasharray: 5 4; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; }
  text { fill: #e6edf3; stroke: #0d1117; }
  .small { fill: #9198a1; }
  .grid { stroke: #30363d; }
  .must { stroke: #ff7b72; }
  .ours, .measured { fill: #58a6ff; }
  .other { fill: #545d68; }
  .published { fill: #0d1117; stroke: #d2a8ff; }
  .theory { stroke: #d2a8ff; }
}`;

/** Draws it. @throws Error for a figure that is not there */
export function balancingChart(figures: Figures): string {
  const panels = [slowServer(figures), manyBalancers(figures), ramp(figures)];
  const [slow, many, climbed] = panels as [BarPanel, BarPanel, BarPanel];
  const second = 44 + Math.max(barsHeight(slow), barsHeight(many)) + GAP;
  const height = second + Math.max(barsHeight(climbed), queueingHeight) + 34;
  const at = (x: number, y: number, drawn: string) => `<g transform="translate(${x} ${y})">\n${drawn}\n</g>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * COLUMN + 32} ${height}" role="img" aria-labelledby="title desc">
<title id="title">Balancing in the simulator, beside published figures</title>
<desc id="desc">${escaped(described(panels, queueingPoints(figures)))}</desc>
<style>${STYLE}
</style>
${at(16, 28, legend())}
${at(16, 44, drawBars(slow))}
${at(16 + COLUMN, 44, drawBars(many))}
${at(16, second, drawBars(climbed))}
${at(16 + COLUMN, second, drawQueueing(queueingPoints(figures)))}
</svg>
`;
}

function legend(): string {
  return [
    bar(0, -10, 12, 12, 'ours'),
    label(18, 0, 'ours', 'start', 'small'),
    bar(62, -10, 12, 12, 'other'),
    label(80, 0, 'for comparison', 'start', 'small'),
    dot(186, -4, 'published'),
    label(196, 0, 'published, or theory', 'start', 'small'),
    label(330, 0, 'worst of five seeds; prequal must not pass the dashed red line', 'start', 'small'),
  ].join('\n');
}

function slowServer(figures: Figures): BarPanel {
  const missed = (name: string) => 100 * (1 - figureOf(figures, 'slow-server', name, 'answered'));
  const of = (name: string, shown: string, ours: boolean, published?: number) => {
    return { name: shown, value: missed(name), ours, ...(published !== undefined && { published }) };
  };
  return {
    title: 'One of 11 servers is slow: users not answered in 1 s',
    lines: [
      of('round robin', 'round robin', false, 5),
      of('two choices by calls under way', 'calls under way', true, 1),
      of('two choices by peak EWMA', 'peak EWMA (default)', true, 0.1),
      of('two choices by peak EWMA, with ejection', '… with ejection', true),
      of('the same with hedging', '… and hedging', true),
    ],
    ...{ from: 0.001, to: 10, logarithmic: true, ticks: [0.001, 0.1, 10] },
    show: (value) => `${Number(value.toPrecision(2))} %`,
  };
}

function manyBalancers(figures: Figures): BarPanel {
  const of = (name: string, shown: string, ours: boolean) => {
    return { name: shown, value: figureOf(figures, 'many-balancers', name, 'vsCentral'), ours };
  };
  return {
    title: '200 clients, 200 servers: 99th percentile, one queue = 1',
    lines: [
      of('one central queue', 'one queue for all', false),
      of('two choices by peak EWMA, without reports', 'own calls alone', false),
      of('two choices by peak EWMA, with reports on answers', 'reports on answers (default)', true),
      of('prequal', 'prequal, 5 questions', true),
      of('prequal, 8 probes', 'prequal, 8 questions', true),
    ],
    ...{ from: 0, to: 8, logarithmic: false, ticks: [0, 2, 4, 6, 8], must: 1.5 },
    show: (value) => String(Number(value.toFixed(2))),
  };
}

function ramp(figures: Figures): BarPanel {
  const of = (count: number, name: string, shown: string, ours: boolean, published?: number) => {
    const value = figureOf(figures, 'ramp', `${count} servers, ${name}`, 'p999');
    return { name: `${count}: ${shown}`, value, ours, ...(published !== undefined && { published }) };
  };
  return {
    title: 'Load of 1.74 of what was promised: 99.9th percentile',
    lines: [10, 20, 100].flatMap((count) => [
      of(count, 'weighted round robin', 'weighted round robin', false, count === 100 ? 5000 : undefined),
      of(count, 'two choices by peak EWMA', 'peak EWMA (default)', true),
      of(count, 'prequal', 'prequal', true),
    ]),
    ...{ from: 100, to: 5000, logarithmic: true, ticks: [100, 1000, 5000], must: 1000 },
    show: (value) => (value >= 1000 ? `${Number((value / 1000).toFixed(1))} s` : `${Math.round(value)} ms`),
  };
}

function queueingPoints(figures: Figures): readonly (readonly [number, number])[] {
  return [0.5, 0.7, 0.9, 0.95].map((load) => {
    const name = `two choices by calls under way, load ${load}`;
    return [figureOf(figures, 'queueing', name, 'load'), figureOf(figures, 'queueing', name, 'time')] as const;
  });
}

/** All that is shown, for those who do not see it. */
function described(panels: readonly BarPanel[], points: readonly (readonly [number, number])[]): string {
  const told = panels.map(({ title, lines, show }) => {
    const values = lines.map(({ name, value, published }) => {
      return `${name} ${show(value)}${published === undefined ? '' : ` (published: ${show(published)})`}`;
    });
    return `${title}: ${values.join(', ')}.`;
  });
  const queues = points.map(([load, time]) => `${time.toFixed(2)} at a load of ${load.toFixed(2)}`);
  return `${told.join(' ')} Queues, mean time in service times: ${queues.join(', ')}, as the supermarket model says.`;
}
