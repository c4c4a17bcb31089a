import type { WriteStream } from 'node:tty';
import type { ServiceView } from './observer.js';

/** Where the story is told and the services are shown. */
export interface Screen {
  tell(text: string): void;
  show(views: readonly ServiceView[], requests: number, failed: number): void;
}

/**
 * On a terminal the table is redrawn below the story; elsewhere it is one plain line every five seconds. Stays off
 * stdout when stdout belongs to JSON.
 */
export function openScreen(out: WriteStream | NodeJS.WriteStream): Screen {
  return out.isTTY ? new LiveScreen(out) : new PlainScreen(out);
}

class PlainScreen implements Screen {
  readonly #out: NodeJS.WritableStream;
  readonly #startedMs = performance.now();
  #shows = 0;

  constructor(out: NodeJS.WritableStream) {
    this.#out = out;
  }

  tell(text: string): void {
    this.#out.write(`${clock(this.#startedMs)}  ${printable(text)}\n`);
  }

  show(views: readonly ServiceView[], requests: number, failed: number): void {
    if (this.#shows++ % 5 !== 0) return;
    const services = views.map(
      (view) => `${view.service}×${view.instances} ${view.rate.toFixed(0)}/s${wireOf(view, ' ')}`,
    );
    const breakers = views.flatMap((view) => view.breakers);
    this.tell([`${requests} requests, ${failed} failed`, ...services, ...breakers].join(' · '));
  }
}

class LiveScreen implements Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #startedMs = performance.now();
  #table: string[] = [];

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  tell(text: string): void {
    this.#erase();
    this.#out.write(`\x1b[1m${clock(this.#startedMs)}\x1b[0m  ${printable(text)}\n`);
    this.#draw();
  }

  show(views: readonly ServiceView[], requests: number, failed: number): void {
    this.#erase();
    const rows = views.map((view) => {
      const { service, instances, rate, errors, p99Ms, breakers } = view;
      return [
        service.padEnd(18),
        String(instances).padStart(9),
        rate.toFixed(0).padStart(7),
        wireOf(view).padStart(12),
        errors.toFixed(1).padStart(8),
        (p99Ms ? `≤${p99Ms.toFixed(0)}` : '–').padStart(9),
        `  ${breakers.join(', ') || 'closed'}`,
      ].join('');
    });
    const head = `${'service'.padEnd(18)}instances  req/s        wire  5xx/s   p99 ms  breakers`;
    const width = this.#out.columns;
    this.#table = ['', head, ...rows, `${requests} requests, ${failed} failed`].map((row) =>
      printable(row).slice(0, width - 1),
    );
    this.#draw();
  }

  #erase(): void {
    if (this.#table.length > 0) this.#out.write(`\x1b[${this.#table.length}A\x1b[0J`);
  }

  #draw(): void {
    for (const row of this.#table) this.#out.write(`${row}\n`);
  }
}

/** Which wire most requests came over, with its share; nothing without requests. */
function wireOf({ byWire }: ServiceView, before = ''): string {
  const calls = Object.values(byWire).reduce((sum, each) => sum + each, 0);
  const [most] = Object.entries(byWire).sort(([, a], [, b]) => b - a);
  return calls === 0 || !most ? '' : `${before}${most[0]} ${Math.round((100 * most[1]) / calls)} %`;
}

/** Answers of services may hold what moves the cursor or changes colours. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
}

function clock(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s`;
}
