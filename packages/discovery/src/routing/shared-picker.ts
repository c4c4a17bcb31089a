import type { CallContext } from '@fwk/kernel';
import type { Candidate, Picker } from '../pick/balancer.js';
import { PartOfCandidate, wholeOf } from './part-of-candidate.js';
import { WeightedChoice } from './weighted-choice.js';

/** A picker with the share of calls that it gets. */
export interface SharedPicker {
  readonly share: number;
  readonly candidates: readonly Candidate[];
  readonly picker: Picker;
}

/** One picker over several, each of which gets its share; with one it costs nothing. Undefined for none. */
export function sharedPicker(parts: readonly SharedPicker[], random: () => number): Picker | undefined {
  const pickers = parts.map(({ candidates, picker }) =>
    candidates.some((candidate) => candidate instanceof PartOfCandidate) ? new WholePicker(picker) : picker,
  );
  if (pickers.length < 2) return pickers[0];
  const choice = new WeightedChoice(parts.map(({ share }, at) => ({ name: `${at}`, weight: share })));
  return new DrawingPicker(pickers, choice, random);
}

/** Answers whole candidates for those that lie in a subset in part. */
class WholePicker implements Picker {
  readonly #inner: Picker;

  constructor(inner: Picker) {
    this.#inner = inner;
  }

  pick(nowMs: number, request?: unknown, context?: CallContext): Candidate | undefined {
    const picked = this.#inner.pick(nowMs, request, context);
    return picked && wholeOf(picked);
  }
}

class DrawingPicker implements Picker {
  readonly #pickers: readonly Picker[];
  readonly #choice: WeightedChoice;
  readonly #random: () => number;

  constructor(pickers: readonly Picker[], choice: WeightedChoice, random: () => number) {
    this.#pickers = pickers;
    this.#choice = choice;
    this.#random = random;
  }

  pick(nowMs: number, request?: unknown, context?: CallContext): Candidate | undefined {
    const drawn = Math.max(0, this.#choice.byChance(this.#random()));
    return pickFrom(this.#pickers, drawn, nowMs, request, context);
  }
}

/** Of one picker if that one's is available, otherwise of the first other with an available one; else what the one said. */
export function pickFrom(
  pickers: readonly (Picker | undefined)[],
  first: number,
  nowMs: number,
  request: unknown,
  context: CallContext | undefined,
): Candidate | undefined {
  const picked = pickers[first]?.pick(nowMs, request, context);
  if (picked?.available(request)) return picked;
  for (let at = 0; at < pickers.length; at++) {
    if (at === first) continue;
    const other = pickers[at]?.pick(nowMs, request, context);
    if (other?.available(request)) return other;
  }
  return picked;
}
