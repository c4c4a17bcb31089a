/**
 * The load of a server as its answers carry it, in the header or context `fwk-load`: calls in flight and milliseconds of latency,
 * `3;12.5`. It is written as ASCII and read from bytes, without making a text of them.
 */
import { LoadGauge, type TakeReport } from '@fwk/discovery';
import type { Clock } from '@fwk/kernel';

/** The path at which a server tells nothing but its load, and the destination over Mux, which no contract can have. */
export const loadPath = '/loadz';
export const loadDestination = '/_/load';

/** Texts are kept up to so many calls in flight. */
const KEPT = 256;
/** Digits before the point that are read; what has more is no load of a server. */
const MOST_DIGITS = 7;
const semicolon = 0x3b;
const point = 0x2e;
const zero = 0x30;

/** The load of a server, and the text for it. */
export class ServerLoad extends LoadGauge {
  #perCall = '';
  /** By calls in flight; of one latency. */
  #texts: string[] = [];

  constructor(clock: Clock) {
    super(clock);
    this.text = this.text.bind(this);
  }

  /** Stays the same text while the numbers do; latency has two digits that count. */
  text(): string {
    const { inFlight } = this;
    const perCallMs = this.latencyMs / (inFlight + 1);
    const perCall = perCallMs.toPrecision(2);
    if (perCall !== this.#perCall) {
      this.#perCall = perCall;
      this.#texts = [];
    }
    const kept = this.#texts[inFlight];
    if (kept !== undefined) return kept;
    const text = formatLoad(inFlight, Number(perCall) * (inFlight + 1));
    if (inFlight < KEPT) this.#texts[inFlight] = text;
    return text;
  }
}

/** Latency with three digits that count, and nothing below a microsecond. */
export function formatLoad(inFlight: number, latencyMs: number): string {
  const rounded = Math.round(Number(latencyMs.toPrecision(3)) * 1000) / 1000;
  return `${inFlight};${rounded}`;
}

/** Hands on the load that stands in some bytes; what is not of that form is ignored. */
export function readLoad(bytes: Uint8Array, begin: number, end: number, take: TakeReport, probed: boolean): void {
  let at = begin;
  let inFlight = 0;
  for (; at < end && bytes[at] !== semicolon; at++) {
    const digit = (bytes[at] as number) - zero;
    if (digit < 0 || digit > 9 || at - begin >= MOST_DIGITS) return;
    inFlight = inFlight * 10 + digit;
  }
  if (at === begin || at + 1 >= end) return;
  at++;
  const wholeBegin = at;
  let latencyMs = 0;
  for (; at < end && bytes[at] !== point; at++) {
    const digit = (bytes[at] as number) - zero;
    if (digit < 0 || digit > 9 || at - wholeBegin >= MOST_DIGITS) return;
    latencyMs = latencyMs * 10 + digit;
  }
  if (at === wholeBegin) return;
  const pointAt = at;
  let unit = 0.1;
  for (at++; at < end; at++) {
    const digit = (bytes[at] as number) - zero;
    if (digit < 0 || digit > 9 || at - pointAt > MOST_DIGITS) return;
    latencyMs += digit * unit;
    unit /= 10;
  }
  take(inFlight, latencyMs, probed);
}
