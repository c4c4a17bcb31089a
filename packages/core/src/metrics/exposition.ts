import { type Clock, settleWithin } from '@fwk/kernel';
import { type ForeignFamily, type ForeignRegistry, foreignNames, readForeignFamily } from './foreign-registry.js';
import { foreignText } from './foreign-text.js';
import type { Instrument } from './instrument.js';
import { type ExpositionFormat, negotiateFormat } from './negotiate-format.js';
import { instrumentText } from './own-text.js';

/**
 * The text that scrapers read. It is written in slices of time, so that a service with many series goes on answering while it is
 * scraped; each series is read whole. However many scrapers ask at once, at most one text a format is being written, and one more
 * waits for all who came meanwhile: nobody gets values older than its request.
 */

/** Content type of the OpenMetrics text format. */
export const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Content type of the classic Prometheus text format. */
export const prometheusType = 'text/plain; version=0.0.4; charset=utf-8';

/** How long the event loop is held at a time, in milliseconds. */
const sliceMs = 4;

/** How many pieces of text are written between two looks at the clock. */
const piecesBetweenLooks = 8;

/** Time that an included registry has to answer, in milliseconds; Prometheus waits ten seconds for the whole. */
export const foreignLimitMs = 2000;

/** The exposition, for a scraper. */
export interface Exposed {
  readonly contentType: string;
  readonly body: string;
}

/** What is written. */
export interface ExpositionSources {
  readonly clock: Clock;
  readonly instruments: () => Iterable<Instrument>;
  /** Whether one of ours has a name. */
  readonly isTaken: (name: string) => boolean;
  readonly registries: Iterable<ForeignRegistry>;
  /** Told of a registry that threw, or did not answer in time. */
  readonly registryFailed: () => void;
}

/** See the head of this file. */
export class Exposition {
  readonly #sources: ExpositionSources;
  readonly #turns: Readonly<Record<ExpositionFormat, Turns<Exposed>>>;

  constructor(sources: ExpositionSources) {
    this.#sources = sources;
    const turns = (format: ExpositionFormat) => new Turns(() => this.#write(format === 'openmetrics'));
    this.#turns = { openmetrics: turns('openmetrics'), prometheus: turns('prometheus') };
  }

  expose(accept: string | undefined): Promise<Exposed> {
    return this.#turns[negotiateFormat(accept)].ask();
  }

  async #write(open: boolean): Promise<Exposed> {
    const { clock, registries } = this.#sources;
    const included = await Promise.all([...registries].map((registry) => this.#read(registry)));
    const body = await inSlices(this.#pieces(included.flat(), open), clock);
    return open ? { contentType: openMetricsType, body: `${body}# EOF\n` } : { contentType: prometheusType, body };
  }

  *#pieces(included: readonly ForeignFamily[], open: boolean): Generator<string> {
    const { instruments, isTaken } = this.#sources;
    for (const instrument of instruments()) yield* instrumentText(instrument, open);
    const taken = new Set<string>();
    for (const family of included) {
      const names = foreignNames(family);
      // Two families of one name would cost the scraper both.
      if (names.some((name) => taken.has(name) || isTaken(name))) continue;
      for (const name of names) taken.add(name);
      yield* foreignText(family, open);
    }
  }

  async #read(registry: ForeignRegistry): Promise<readonly ForeignFamily[]> {
    const late = () => {
      throw new Error('the registry did not answer in time');
    };
    try {
      const asked = (async () => registry.getMetricsAsJSON())();
      const bound = { clock: this.#sources.clock, limitMs: foreignLimitMs, inBackground: true, late };
      const metrics: readonly unknown[] = await settleWithin(asked, bound);
      return metrics.map(readForeignFamily).filter((family) => family !== undefined);
    } catch {
      this.#sources.registryFailed();
      return [];
    }
  }
}

/** Joins the pieces; lets the event loop turn between slices. */
async function inSlices(pieces: Iterable<string>, clock: Clock): Promise<string> {
  let text = '';
  let slice: string[] = [];
  let endMs = clock.now() + sliceMs;
  for (const piece of pieces) {
    slice.push(piece);
    if (slice.length % piecesBetweenLooks !== 0 || clock.now() < endMs) continue;
    text += slice.join('');
    slice = [];
    await new Promise<void>((resolve) => clock.setTimer(resolve, 0));
    endMs = clock.now() + sliceMs;
  }
  return text + slice.join('');
}

/** Work for all who ask: whoever asks while it runs shares the next run with all others that do. */
class Turns<T> {
  readonly #work: () => Promise<T>;
  #running: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  constructor(work: () => Promise<T>) {
    this.#work = work;
  }

  ask(): Promise<T> {
    const running = this.#running;
    if (!running) return this.#begin();
    const goOn = () => {
      this.#next = undefined;
      return this.#begin();
    };
    this.#next ??= running.then(goOn, goOn);
    return this.#next;
  }

  #begin(): Promise<T> {
    const run = this.#work();
    this.#running = run;
    const over = () => {
      if (this.#running === run) this.#running = undefined;
    };
    run.then(over, over);
    return run;
  }
}
