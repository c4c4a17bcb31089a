import type { ConfigErrorCode } from '../errors.js';
import { maxDepth } from '../tree/tree.js';
import { maxParts } from './parsed-file.js';

/** Deepest indentation of a line of block YAML, in columns: at most two levels of nesting fit into each. */
const maxIndent = 200;

/**
 * Reads along with the YAML lexer and says when the text nests deeper than any settings may, before anything recursive
 * has seen it. Nesting can come from brackets, from indentation, and from indicators in a row (`- - - x`).
 */
export class NestingGuard {
  /** Where the lexeme that is being read starts. */
  offset = 0;
  #next = 0;
  #parts = 0;
  #brackets = 0;
  #row = 0;
  #lineStart = true;
  #scalarNext = false;

  /** The problem with this lexeme, if it is one too many. */
  next(lexeme: string): { code: ConfigErrorCode; message: string } | undefined {
    this.offset = this.#next;
    // The lexer puts marks (single control characters) before documents and scalars, which are no part of the text.
    if (!isMark(lexeme)) this.#next += lexeme.length;
    if (++this.#parts > maxParts) {
      return { code: 'FWK_CONFIG_FILE_TOO_LARGE', message: `the file has more than ${maxParts} parts` };
    }
    if (this.#nests(lexeme)) {
      return { code: 'FWK_CONFIG_TOO_DEEP', message: `settings are nested more than ${maxDepth} levels deep` };
    }
    return undefined;
  }

  #nests(lexeme: string): boolean {
    const atStart = this.#lineStart;
    const first = lexeme[0];
    if (this.#scalarNext) {
      // Text that only looks like structure.
      this.#scalarNext = false;
      return false;
    }
    this.#scalarNext = lexeme === scalarMark;
    if (first === '\n' || first === '\r') {
      this.#lineStart = true;
      if (this.#brackets === 0) this.#row = 0;
      return false;
    }
    this.#lineStart = false;
    if (first === ' ') return atStart && this.#brackets === 0 && lexeme.length > maxIndent;
    if (lexeme.length !== 1) return false;
    if (first === '[' || first === '{') {
      this.#row = 0;
      return ++this.#brackets > maxDepth;
    }
    if (first === ']' || first === '}') this.#brackets = Math.max(0, this.#brackets - 1);
    else if (first === ',') this.#row = 0;
    else if (first === '-' || first === '?' || first === ':') return ++this.#row > maxDepth;
    return false;
  }
}

/** Says that the next lexeme is text. */
const scalarMark = '\x1f';

/** Document, flow-error and scalar marks of the lexer: U+0002, U+0018, U+001F. */
function isMark(lexeme: string): boolean {
  return lexeme === '\x02' || lexeme === '\x18' || lexeme === scalarMark;
}
