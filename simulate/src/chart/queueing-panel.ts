/** The panel of the row `queueing`: what was measured at four loads, on the curves of theory. */
import { supermarketTime } from '../rows/queueing.js';
import { curve, dot, label, line } from './svg.js';

const WIDTH = 340;
const HEIGHT = 150;
const LEFT = 30;
const TOP = 34;
const MOST = 6;
const LOADS = [0.4, 0.96] as const;

const xOf = (load: number) => LEFT + ((load - LOADS[0]) / (LOADS[1] - LOADS[0])) * WIDTH;
const yOf = (time: number) => TOP + HEIGHT - (Math.min(time, MOST) / MOST) * HEIGHT;

/** Height of the panel. */
export const queueingHeight = TOP + HEIGHT + 26;

/** Draws it from 0, 0 on. @param points - loads and the mean times in service times that were measured */
export function drawQueueing(points: readonly (readonly [number, number])[]): string {
  const loads = Array.from({ length: 57 }, (_, index) => LOADS[0] + index / 100);
  const blind = loads.filter((load) => 1 / (1 - load) <= MOST);
  const drawn = [label(0, 16, 'Queues: mean time in service times, by load', 'start', 'title')];
  for (const time of [0, 2, 4, 6]) {
    drawn.push(
      line(LEFT, yOf(time), LEFT + WIDTH, yOf(time), 'grid'),
      label(LEFT - 8, yOf(time) + 4, `${time}`, 'end', 'small'),
    );
  }
  for (const load of [0.5, 0.7, 0.9]) drawn.push(label(xOf(load), TOP + HEIGHT + 15, `${load}`, 'middle', 'small'));
  drawn.push(
    curve(
      loads.map((load) => [xOf(load), yOf(supermarketTime(load))]),
      'theory',
    ),
    curve(
      blind.map((load) => [xOf(load), yOf(1 / (1 - load))]),
      'theory dashed',
    ),
    label(xOf(0.83) - 8, yOf(5.6), 'one at random: 1/(1 − ρ)', 'end', 'small'),
    label(xOf(0.6), yOf(1) + 4, 'better of two: supermarket model', 'start', 'small'),
  );
  for (const [load, time] of points) drawn.push(dot(xOf(load), yOf(time), 'measured'));
  return drawn.join('\n');
}
