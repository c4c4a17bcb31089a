/** A panel of bars, one below the other, with what others published as a mark on the same line. */
import { bar, dot, label, line } from './svg.js';

/** One line of a panel. */
export interface BarLine {
  readonly name: string;
  readonly value: number;
  /** What others saw. */
  readonly published?: number;
  /** Ours are drawn in another colour than what stands there for comparison. */
  readonly ours: boolean;
}

/** What a panel shows. */
export interface BarPanel {
  readonly title: string;
  readonly lines: readonly BarLine[];
  /** Values at the ends of the axis; on a logarithmic one the first is above 0. */
  readonly from: number;
  readonly to: number;
  readonly logarithmic: boolean;
  readonly ticks: readonly number[];
  /** A value that must not be passed. */
  readonly must?: number;
  /** How a value is written. */
  show(value: number): string;
}

const NAMES = 196;
const AXIS = 170;
const LINE = 22;
const TOP = 34;

/** Height of the panel. */
export function barsHeight({ lines }: BarPanel): number {
  return TOP + lines.length * LINE + 26;
}

/** Draws it from 0, 0 on. */
export function drawBars(panel: BarPanel): string {
  const { from, to, logarithmic, lines } = panel;
  const place = (value: number) => {
    const inside = Math.min(to, Math.max(from, value));
    const part = logarithmic ? Math.log(inside / from) / Math.log(to / from) : (inside - from) / (to - from);
    return NAMES + part * AXIS;
  };
  const bottom = TOP + lines.length * LINE;
  const drawn = [label(0, 16, panel.title, 'start', 'title')];
  for (const tick of panel.ticks) {
    drawn.push(line(place(tick), TOP - 4, place(tick), bottom, 'grid'));
    drawn.push(label(place(tick), bottom + 15, panel.show(tick), 'middle', 'small'));
  }
  if (panel.must !== undefined) drawn.push(line(place(panel.must), TOP - 4, place(panel.must), bottom, 'must'));
  for (const [index, { name, value, published, ours }] of lines.entries()) {
    const y = TOP + index * LINE;
    drawn.push(label(NAMES - 8, y + 13, name, 'end'));
    drawn.push(bar(NAMES, y + 3, place(value) - NAMES, 13, ours ? 'ours' : 'other'));
    const end = published === undefined ? place(value) : Math.max(place(value), place(published));
    if (published !== undefined) drawn.push(dot(place(published), y + 9.5, 'published'));
    drawn.push(label(end + 8, y + 13, panel.show(value), 'start', 'value'));
  }
  return drawn.join('\n');
}
