/**
 * Patterns of schemas. Those of a document come from outside, and so do the texts that they are shown; an engine that backtracks
 * may then take any time. Here a pattern of m states takes at most m steps for each character. What looks ahead or behind is
 * run again for each character where it stands. A validation as a whole has a limit of steps.
 */
import { OptionsError } from '@fwk/kernel';
import { type Program, patternProgram, type State } from './pattern-program.js';
import type { Run } from './run.js';

/** Whether a text has a part that is of a pattern. */
export type PatternTest = (text: string, run: Run) => boolean;

/** Visits of states that count as one step of a validation, being much cheaper. */
const visitsPerStep = 4;

/** Why a pattern cannot be used, in words that follow it; undefined for one that can. */
export function patternFault(pattern: string): string | undefined {
  const program = patternProgram(pattern);
  return typeof program === 'string' ? program : undefined;
}

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for a pattern that cannot be used; see {@link patternFault} */
export function patternTest(pattern: string): PatternTest {
  const program = patternProgram(pattern);
  if (typeof program === 'string') {
    throw new OptionsError('jsonSchemas', [`the pattern ${JSON.stringify(pattern.slice(0, 100))} ${program}`]);
  }
  return (text, run) => new Search([...text], run).finds(program, 0, true);
}

/** One text that is looked through. */
class Search {
  readonly #points: readonly string[];
  readonly #run: Run;
  #visits = 0;

  constructor(points: readonly string[], run: Run) {
    this.#points = points;
    this.#run = run;
  }

  /** @param anywhere - whether a match may begin at any later character too. */
  finds(program: Program, begin: number, anywhere: boolean): boolean {
    const { states, backward } = program;
    let active: number[] = [];
    // States that were reached without a character, by the place where they were last: each is visited once at each place.
    const reached = new Int32Array(states.length).fill(-1);
    for (let at = begin; ; at += backward ? -1 : 1) {
      const waiting = anywhere || at === begin ? [...active, 0] : active;
      const moving: number[] = [];
      for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
        if (reached[index] === at) continue;
        reached[index] = at;
        this.#count();
        const state = states[index] as State;
        if (state.kind === 'match') return true;
        if (state.kind === 'character') moving.push(index);
        else if (state.kind === 'split') waiting.push(...state.to);
        else if (this.#holds(state, at)) waiting.push(index + 1);
      }
      const point = this.#points[backward ? at - 1 : at];
      if (point === undefined || (moving.length === 0 && !anywhere)) return false;
      active = moving.flatMap((index) => (isMeant(states[index], point) ? [index + 1] : []));
    }
  }

  #holds(state: Exclude<State, { kind: 'character' | 'split' | 'match' }>, at: number): boolean {
    if (state.kind === 'look') return this.finds(state.program, at, false) !== state.negate;
    if (state.kind === 'edge') return at === (state.at === 'start' ? 0 : this.#points.length);
    return (isWord(this.#points[at - 1]) !== isWord(this.#points[at])) !== state.negate;
  }

  #count(): void {
    if (++this.#visits % visitsPerStep === 0) this.#run.step();
  }
}

function isMeant(state: State | undefined, point: string): boolean {
  return state?.kind === 'character' && state.test(point);
}

function isWord(point: string | undefined): boolean {
  return point !== undefined && /^\w$/.test(point);
}
