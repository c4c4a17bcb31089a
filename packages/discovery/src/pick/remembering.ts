/**
 * One client of many sees little of what its endpoints do: most of their load comes from others. Where servers report their load
 * on answers, this picker remembers the endpoint whose last answer told of the fewest calls of others. It takes that one
 * instead of the one that was chosen, if it is clearly less busy than usual. Choosing by two draws and a memory is much
 * better than by two draws alone (Mitzenmacher, Prabhakar, Shah 2002), and nobody is asked for it. A report reaches one client and is
 * used once, so clients do not gather at an endpoint.
 *
 * A report is a claim. It is used only for an endpoint whose load as measured here is at most three times that of the
 * chosen one, and twice in a row at most: then that endpoint has to be drawn like any other. So one that always says it is idle gets
 * at most three times the calls that draws alone could give it.
 */
import type { CallContext } from '@fwk/kernel';
import type { Candidate, Picker } from './balancer.js';

/** Calls of others that it must have less than usual. */
const MARGIN = 0.5;
/** How many times the measured load of the chosen one it may have. */
const MOST_LOAD = 3;
/** How often in a row an endpoint is taken for what it says. */
const MOST_TAKEN = 2;
/** How long a report is used: so many times the latency it tells, within these bounds in milliseconds. */
const AGE_IN_LATENCIES = 5;
const SHORTEST_AGE_MS = 1;
const LONGEST_AGE_MS = 1000;
/** Weight of a report in the mean of the calls of others. */
const MEAN_WEIGHT = 0.1;

/** See the head of this file. */
export class Remembering implements Picker {
  readonly #inner: Picker;
  readonly #candidates: readonly Candidate[];
  /** Made when a report is first to be remembered. */
  #members: ReadonlySet<Candidate> | undefined;
  /** Of the candidates; looked at with the first report, as many servers report nothing. */
  #meanWeight: number | undefined;
  /** Calls of others at an endpoint, on average over the reports. */
  #mean = 0;
  #best: Candidate | undefined;
  #bestOthers = 0;
  #untilMs = 0;

  /** @param inner - chooses among the same candidates. @param previous - the picker that this one replaces */
  constructor(inner: Picker, candidates: readonly Candidate[], previous: Picker | undefined) {
    this.#inner = inner;
    this.#candidates = candidates;
    if (previous instanceof Remembering) this.#mean = previous.#mean;
  }

  pick(nowMs: number, request?: unknown, context?: CallContext): Candidate | undefined {
    const chosen = this.#inner.pick(nowMs, request, context);
    const best = this.#best;
    if (best !== undefined && chosen !== undefined && best !== chosen) {
      if (nowMs >= this.#untilMs) this.#best = undefined;
      else if (this.#isBetter(best, chosen, nowMs) && best.available(request)) {
        this.#best = undefined;
        if (best.heard) best.heard.taken++;
        return best;
      }
    }
    if (this.#mean > 0 && chosen?.heard) chosen.heard.taken = 0;
    return chosen;
  }

  reported(nowMs: number, candidate: Candidate): void {
    const { heard } = candidate;
    if (!heard) return;
    const others = heard.others / this.#shareOf(candidate, nowMs);
    this.#mean += (others - this.#mean) * MEAN_WEIGHT;
    const isUsual = others + MARGIN > this.#mean;
    if (candidate === this.#best && isUsual) this.#best = undefined;
    if (isUsual || heard.taken >= MOST_TAKEN) return;
    if (this.#best !== undefined && nowMs < this.#untilMs && others > this.#bestOthers) return;
    this.#members ??= new Set(this.#candidates);
    if (!this.#members.has(candidate)) return;
    this.#best = candidate;
    this.#bestOthers = others;
    const ageMs = Math.min(LONGEST_AGE_MS, Math.max(SHORTEST_AGE_MS, heard.latencyMs * AGE_IN_LATENCIES));
    this.#untilMs = nowMs + ageMs;
  }

  #isBetter(best: Candidate, chosen: Candidate, nowMs: number): boolean {
    const share = this.#shareOf(best, nowMs);
    if (this.#bestOthers + best.inFlight / share + MARGIN > this.#mean) return false;
    return best.load(nowMs, share) <= MOST_LOAD * chosen.load(nowMs, this.#shareOf(chosen, nowMs));
  }

  #shareOf(candidate: Candidate, nowMs: number): number {
    this.#meanWeight ??= meanWeight(this.#candidates, nowMs);
    return candidate.weight(nowMs) / this.#meanWeight;
  }
}

function meanWeight(candidates: readonly Candidate[], nowMs: number): number {
  let weights = 0;
  for (const candidate of candidates) weights += candidate.weight(nowMs);
  return weights / Math.max(1, candidates.length);
}
