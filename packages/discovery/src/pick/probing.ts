/**
 * The picker of Prequal. It draws some endpoints and takes the best of them by what they say of their load (hot or cold by calls
 * in flight, then latency), asking those of which it does not know enough. State: what was reported lately, and the
 * endpoint that has just answered that it is idle.
 *
 * What a report says for an endpoint counts only so far: its latency never for less than a quarter of what was measured here. So
 * one that claims to be idle and quick gets at most the calls for which it is drawn, and only while it really is quick.
 *
 * The best of several has nothing to do with weights, so where instances say different ones, two choices keep to these. While an
 * instance only starts slowly it is drawn less often.
 */
import type { Clock, Env } from '@fwk/kernel';
import { instanceWeight } from '../instance.js';
import type { Candidate, Picker } from './balancer.js';
import { Draws } from './draws.js';
import { HotLimit } from './hot-limit.js';
import { LoadQuestion } from './load-question.js';
import { p2cDefaults } from './p2c.js';
import { peakEwmaLoads } from './peak-ewma.js';
import type { PrequalOptions } from './prequal.js';
import { twoChoices } from './two-choices.js';
import { AliasTable, sharesOf } from './weights.js';

/** Draws at most for each endpoint that is wanted; after them the endpoints are looked at in turn. */
const DRAWS = 4;
/** How many are looked at in turn, at most. */
const MAX_LOOKED_AT = 256;
/** While other clients have fewer calls than this at an endpoint, on average, nobody is asked: what we know of our own calls suffices. */
const FEW_OTHERS = 0.2;
/** Weight of a report in the means. */
const MEAN_WEIGHT = 0.05;
/** How long an endpoint that has just reported to be idle counts as idle, as a part of the latency that it reported. */
const IDLE_AGE = 0.3;
/** A reported latency counts for at least this part of the measured one. */
const MEASURED_PART = 0.25;
/** A latency is usual while it lies between the mean divided by this and the mean times this. */
const USUAL = 1.5;

/** See the head of this file. */
export class Probing implements Picker {
  readonly clock: Clock;
  readonly waitMs: number;
  readonly #options: PrequalOptions;
  readonly #candidates: readonly Candidate[];
  readonly #draws: Draws;
  readonly #usual: Picker;
  /** Whether instances say different weights. */
  readonly #weighed: boolean;
  /** Set where weights differ, if only because one starts slowly. */
  readonly #shares: AliasTable | undefined;
  #members: ReadonlySet<Candidate> | undefined;
  #hot: HotLimit;
  /** Calls of others at an endpoint, on average over the reports. Unknown at first. */
  #others = Number.POSITIVE_INFINITY;
  /** Latency for each call in flight, on average over the reports; 0 while none has told any. */
  #perCallMs = 0;
  #idle: Candidate | undefined;
  #idleUntilMs = 0;

  constructor(options: PrequalOptions, candidates: readonly Candidate[], env: Env, previous: Picker | undefined) {
    this.clock = env.clock;
    this.waitMs = options.probeTimeoutMs;
    this.#options = options;
    this.#candidates = candidates;
    this.#draws = new Draws(env.random);
    this.#usual = twoChoices(candidates, env, peakEwmaLoads(candidates, p2cDefaults));
    const [first] = candidates;
    this.#weighed = candidates.some((each) => saidWeight(each) !== saidWeight(first ?? each));
    const shares = sharesOf(candidates, env.clock.now());
    this.#shares = shares && new AliasTable(shares);
    this.#hot = new HotLimit(options.hotQuantile);
    if (previous instanceof Probing) {
      this.#hot = previous.#hot;
      this.#others = previous.#others;
      this.#perCallMs = previous.#perCallMs;
    }
  }

  pick(nowMs: number, request?: unknown): Candidate | undefined {
    if (this.#weighed) return this.#usual.pick(nowMs, request);
    const idle = this.#idle;
    this.#idle = undefined;
    if (idle && nowMs < this.#idleUntilMs && idle.inFlight === 0 && idle.available(request)) return idle;
    const drawn = this.#draw(request);
    if (drawn.length < 2) return drawn[0] ?? this.#usual.pick(nowMs, request);
    const alone = this.#others < FEW_OTHERS;
    const asked = drawn.filter((each) => each.probe && !(alone && this.#knows(each, nowMs)));
    return asked.length === 0 ? this.best(drawn, nowMs) : new LoadQuestion(this, drawn, asked, nowMs);
  }

  reported(nowMs: number, candidate: Candidate): void {
    const { heard } = candidate;
    if (!heard) return;
    if (this.#others === Number.POSITIVE_INFINITY) this.#others = heard.others;
    this.#others += (heard.others - this.#others) * MEAN_WEIGHT;
    const perCallMs = heard.latencyMs / (heard.inFlight + 1);
    if (this.#perCallMs === 0) this.#perCallMs = perCallMs;
    else if (perCallMs > 0) this.#perCallMs += (perCallMs - this.#perCallMs) * MEAN_WEIGHT;
    this.#hot.add(heard.inFlight);
    if (heard.inFlight > 0) {
      if (this.#idle === candidate) this.#idle = undefined;
      return;
    }
    this.#members ??= new Set(this.#candidates);
    if (!this.#members.has(candidate) || !this.#isUsual(candidate, nowMs)) return;
    this.#idle = candidate;
    this.#idleUntilMs = nowMs + Math.min(this.#options.maxAgeMs, heard.latencyMs * IDLE_AGE);
  }

  suffices(candidate: Candidate): boolean {
    const nowMs = this.clock.now();
    const { heard } = candidate;
    return heard?.inFlight === 0 && candidate.inFlight === 0 && this.#isUsual(candidate, nowMs);
  }

  /** Those of which nothing is known get as many calls as they are drawn for, and share them by what was measured. */
  best(drawn: readonly Candidate[], nowMs: number): Candidate {
    const known = drawn.filter((each) => this.#knows(each, nowMs));
    if (known.length < drawn.length) {
      const unknown = drawn.filter((each) => !this.#knows(each, nowMs));
      if (this.#draws.below(drawn.length) < unknown.length) return least(unknown, (each) => each.load(nowMs));
    }
    const cold = known.filter((each) => inFlightAt(each) <= this.#hot.value);
    return cold.length === 0 ? least(known, inFlightAt) : least(cold, (each) => this.#latencyAt(each, nowMs));
  }

  #knows({ heard }: Candidate, nowMs: number): boolean {
    return heard !== undefined && nowMs - heard.atMs <= this.#options.maxAgeMs;
  }

  #isUsual(candidate: Candidate, nowMs: number): boolean {
    return this.#latencyAt(candidate, nowMs) <= this.#perCallMs * USUAL;
  }

  /** What differs little from the mean differs by chance, and is taken for the mean. */
  #distinct(perCallMs: number): number {
    const usualMs = this.#perCallMs || 1;
    if (perCallMs === 0) return usualMs;
    return perCallMs < usualMs * USUAL && perCallMs > usualMs / USUAL ? usualMs : perCallMs;
  }

  /** How long a call will take there, with the calls that are there now; of one that has answered nothing yet, as elsewhere. */
  #latencyAt(candidate: Candidate, nowMs: number): number {
    const { heard } = candidate;
    if (!heard) return candidate.load(nowMs);
    const perCallMs = this.#distinct(heard.latencyMs / (heard.inFlight + 1));
    return Math.max(perCallMs * (inFlightAt(candidate) + 1), candidate.load(nowMs) * MEASURED_PART);
  }

  /** Different ones that are available; fewer where hardly any are. */
  #draw(request: unknown): readonly Candidate[] {
    const candidates = this.#candidates;
    const wanted = Math.min(this.#options.probes, candidates.length);
    const drawn: Candidate[] = [];
    const take = (at: number) => {
      const candidate = candidates[at] as Candidate;
      if (!drawn.includes(candidate) && candidate.available(request)) drawn.push(candidate);
    };
    for (let draw = 0; drawn.length < wanted && draw < wanted * DRAWS; draw++) {
      take(this.#shares ? this.#shares.draw(this.#draws) : this.#draws.below(candidates.length));
    }
    const looked = Math.min(candidates.length, MAX_LOOKED_AT);
    const start = drawn.length < wanted ? this.#draws.below(candidates.length) : 0;
    for (let look = 0; drawn.length < wanted && look < looked; look++) take((start + look) % candidates.length);
    return drawn;
  }
}

/** Calls in flight there now: those of others when it was heard of, and our own. */
function inFlightAt({ heard, inFlight }: Candidate): number {
  return (heard?.others ?? 0) + inFlight;
}

function saidWeight({ endpoint }: Candidate): number {
  return instanceWeight(endpoint.instance);
}

function least(candidates: readonly Candidate[], of: (candidate: Candidate) => number): Candidate {
  let chosen = candidates[0] as Candidate;
  let lowest = of(chosen);
  for (let at = 1; at < candidates.length; at++) {
    const candidate = candidates[at] as Candidate;
    const value = of(candidate);
    if (value < lowest) {
      chosen = candidate;
      lowest = value;
    }
  }
  return chosen;
}
