/**
 * A regular expression as a program that needs no backtracking: it keeps a set of states and updates it for each character. The expression
 * is read by a parser of ECMAScript, so that it means what ECMAScript says.
 */
import { type AST, RegExpParser } from '@eslint-community/regexpp';
import { messageOf } from '@fwk/kernel';

/** One state. Where it leads, in order of states; `next` is the one behind it. */
export type State =
  | { readonly kind: 'character'; readonly test: (point: string) => boolean }
  | { readonly kind: 'split'; readonly to: readonly number[] }
  | { readonly kind: 'edge'; readonly at: 'start' | 'end' }
  | { readonly kind: 'word'; readonly negate: boolean }
  | { readonly kind: 'look'; readonly program: Program; readonly negate: boolean }
  | { readonly kind: 'match' };

/** States in order; the first one begins. */
export interface Program {
  readonly states: readonly State[];
  /** Whether it reads the text from its end to its beginning, as what looks behind does. */
  readonly backward: boolean;
}

/** Most states of one pattern. Counted repetitions are written out: `[a-z]{1,64}` has 127. */
const maxStates = 5_000;

/** Why a pattern cannot be used, in words that follow it. */
class PatternFault extends Error {}

/** Makes the program; or says why there is none, in words that follow the pattern. */
export function patternProgram(pattern: string): Program | string {
  const read = parsed(pattern, true) ?? parsed(pattern, false);
  if (!read) return 'is no regular expression of ECMAScript';
  try {
    return new Writer(read.unicode, false, { states: 0 }).program(read.tree.alternatives);
  } catch (error) {
    if (error instanceof PatternFault) return messageOf(error);
    throw error;
  }
}

/** JSON Schema asks for the Unicode mode. Many documents have patterns that are none there, such as `[\w\-\_]`. */
function parsed(
  pattern: string,
  unicode: boolean,
): { readonly tree: AST.Pattern; readonly unicode: boolean } | undefined {
  try {
    const tree = new RegExpParser({ ecmaVersion: 2024 }).parsePattern(pattern, 0, pattern.length, { unicode });
    return { tree, unicode };
  } catch {
    return undefined;
  }
}

class Writer {
  readonly #states: State[] = [];
  readonly #unicode: boolean;
  readonly #backward: boolean;
  readonly #total: { states: number };

  constructor(unicode: boolean, backward: boolean, total: { states: number }) {
    this.#unicode = unicode;
    this.#backward = backward;
    this.#total = total;
  }

  program(alternatives: readonly AST.Alternative[]): Program {
    this.#alternatives(alternatives);
    this.#add({ kind: 'match' });
    return { states: this.#states, backward: this.#backward };
  }

  #add(state: State): number {
    if (++this.#total.states > maxStates)
      throw new PatternFault(`has more than ${maxStates} states when its counts are written out`);
    return this.#states.push(state) - 1;
  }

  /** Adds a state that leads to places which are known later. */
  #split(): number[] {
    const to: number[] = [];
    this.#add({ kind: 'split', to });
    return to;
  }

  get #end(): number {
    return this.#states.length;
  }

  #alternatives(alternatives: readonly AST.Alternative[]): void {
    if (alternatives.length === 1) {
      this.#sequence(alternatives[0]?.elements ?? []);
      return;
    }
    const starts = this.#split();
    const ends = alternatives.map(({ elements }) => {
      starts.push(this.#end);
      this.#sequence(elements);
      return this.#split();
    });
    for (const end of ends) end.push(this.#end);
  }

  #sequence(elements: readonly AST.Element[]): void {
    for (const element of this.#backward ? elements.toReversed() : elements) this.#element(element);
  }

  #element(element: AST.Element): void {
    switch (element.type) {
      case 'Quantifier':
        this.#repeat(element);
        break;
      case 'Group':
        if (element.modifiers) throw new PatternFault('changes its flags, which is not supported');
        this.#alternatives(element.alternatives);
        break;
      case 'CapturingGroup':
        this.#alternatives(element.alternatives);
        break;
      case 'Assertion':
        this.#assertion(element);
        break;
      case 'Backreference':
        throw new PatternFault('refers back to a group, which cannot be matched in linear time');
      case 'ExpressionCharacterClass':
        throw new PatternFault('computes with sets of characters, which is not supported');
      default:
        this.#add({ kind: 'character', test: characterTest(element.raw, this.#unicode) });
    }
  }

  #assertion(element: AST.Assertion): void {
    if (element.kind === 'word') this.#add({ kind: 'word', negate: element.negate });
    else if (element.kind === 'lookahead' || element.kind === 'lookbehind') {
      const writer = new Writer(this.#unicode, element.kind === 'lookbehind', this.#total);
      this.#add({ kind: 'look', program: writer.program(element.alternatives), negate: element.negate });
    } else this.#add({ kind: 'edge', at: element.kind });
  }

  #repeat({ element, min, max }: AST.Quantifier): void {
    for (let times = 0; times < min; times++) {
      const before = this.#end;
      this.#element(element);
      // What has no states, such as `(?:)`, is the same any number of times; no limit of states would end it.
      if (this.#end === before) break;
    }
    if (max === Number.POSITIVE_INFINITY) {
      const start = this.#end;
      const choice = this.#split();
      choice.push(this.#end);
      this.#element(element);
      this.#split().push(start);
      choice.push(this.#end);
      return;
    }
    const choices: number[][] = [];
    for (let times = min; times < max; times++) {
      const choice = this.#split();
      choice.push(this.#end);
      choices.push(choice);
      this.#element(element);
    }
    for (const choice of choices) choice.push(this.#end);
  }
}

/** Whether one character is meant, as the engine itself sees it; asked once for each that is ASCII. */
function characterTest(raw: string, unicode: boolean): (point: string) => boolean {
  const one = new RegExp(`^(?:${raw})$`, unicode ? 'u' : '');
  const known: (boolean | undefined)[] = [];
  return (point) => {
    const code = point.charCodeAt(0);
    if (code > 127) return one.test(point);
    known[code] ??= one.test(point);
    return known[code];
  };
}
