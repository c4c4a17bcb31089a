/**
 * What operators have set over all other sources, while the program runs and until it ends: by whom, why, and until when. The
 * highest source of every configuration.
 */
import type { Clock, Env, Timer } from '@fwk/kernel';
import type { ConfigSource, SourceContext, SourceValues } from '../source/source.js';
import { formatPath, parsePath } from '../tree/path.js';
import { NamedTexts } from './named-texts.js';

/** One setting that was set over all sources. */
export interface Override {
  readonly path: string;
  readonly value: unknown;
  readonly actor: string;
  readonly reason: string;
  /** Wall-clock milliseconds since the epoch. */
  readonly atMs: number;
  /** When it ends by itself, in wall-clock milliseconds; undefined for never. */
  readonly untilMs: number | undefined;
}

/** The longest wait of one timer. */
const maxTimerMs = 2 ** 31 - 1;

/** The overrides of one configuration. */
export class Overrides implements ConfigSource {
  readonly name = 'overrides';
  /** What is said instead of them while a change is tried; undefined while none is. */
  tried: readonly Override[] | undefined;
  #all: readonly Override[] = [];
  #changed: (() => void) | undefined;
  #clock: Clock | undefined;
  #timer: Timer | undefined;

  /** Those that have not ended, in the order in which they were set. */
  active(clock: Clock): readonly Override[] {
    const nowMs = clock.wallTime();
    return this.#all.filter(({ untilMs }) => untilMs === undefined || untilMs > nowMs);
  }

  /** Puts these in the place of all; tells nobody. */
  replace(overrides: readonly Override[]): void {
    this.#all = overrides;
    this.#wait();
  }

  async load({ call, env, below }: SourceContext): Promise<SourceValues> {
    if (call.cancelled) throw call.reason;
    const texts = new NamedTexts(below, undefined, true);
    for (const { path, value, actor, reason } of this.tried ?? this.active(env.clock)) {
      texts.addValue(parsePath(path), value, { source: this.name, key: `${path} by ${actor}: ${reason}` });
    }
    const values = texts.values();
    // What stands below an override was set by it too.
    const of = (path: readonly string[]) => path.map((_, index) => path.slice(0, path.length - index));
    return {
      tree: values.tree,
      originOf: (path: readonly string[]) =>
        of(path)
          .map((at) => values.originOf?.(at))
          .find((at) => at?.key),
    };
  }

  /** Tells when an override ends by itself. */
  watch(changed: () => void, env: Env): Disposable {
    this.#changed = changed;
    this.#clock = env.clock;
    this.#wait();
    return {
      [Symbol.dispose]: () => {
        this.#changed = undefined;
        this.#wait();
      },
    };
  }

  #wait(): void {
    const clock = this.#clock;
    if (!clock) return;
    if (this.#timer) clock.clearTimer(this.#timer);
    this.#timer = undefined;
    const nextMs = Math.min(...this.#all.map(({ untilMs }) => untilMs ?? Number.POSITIVE_INFINITY));
    if (!this.#changed || nextMs === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(Math.max(0, nextMs - clock.wallTime()), maxTimerMs);
    this.#timer = clock.setTimer(() => this.#end(clock), waitMs, true);
  }

  #end(clock: Clock): void {
    const before = this.#all.length;
    this.#all = this.active(clock);
    this.#wait();
    if (this.#all.length < before) this.#changed?.();
  }
}

/** Whether one path is the other, or leads to it. */
export function overlaps(a: string, b: string): boolean {
  const [one, other] = [parsePath(a), parsePath(b)];
  return formatPath(one.slice(0, other.length)) === formatPath(other.slice(0, one.length));
}
