/**
 * Reads the text of a document, JSON or YAML 1.2. The `yaml` package does the reading, in its parts rather than by `parse()`:
 * nesting is recursive there, and too much of it ends the process, so it is counted before anything recursive sees it.
 */
import { messageOf, parseJson } from '@fwk/kernel';
import { OpenApiError } from './open-api-error.js';

/** Longest text, in characters. */
const maxLength = 64 * 1024 * 1024;
/** Most brackets and indicators that are open at once, and deepest indentation in columns. */
const maxNesting = 200;
const maxIndent = 400;
/** How many times more values aliases may stand for than are written. */
const maxAliasCount = 100;

/**
 * Reads a document of OpenAPI.
 * @param text - JSON or YAML.
 * @throws OpenApiError `FWK_HTTP_OPENAPI_INVALID` (its promise) for a text that is neither.
 */
export async function readOpenApi(text: string): Promise<unknown> {
  if (text.length > maxLength) throw new OpenApiError([`it has more than ${maxLength} characters`]);
  const isJson = /^\uFEFF?\s*[{[]/.test(text.slice(0, 1000));
  try {
    return isJson ? parseJson(text.replace(/^\uFEFF/, '')) : await parseYaml(text);
  } catch (error) {
    if (error instanceof OpenApiError) throw error;
    throw new OpenApiError([`it is no ${isJson ? 'JSON' : 'YAML'}: ${messageOf(error).slice(0, 300)}`], error);
  }
}

async function parseYaml(text: string): Promise<unknown> {
  const { Composer, Lexer, LineCounter, Parser } = await import('yaml');
  const lineCounter = new LineCounter();
  lineCounter.addNewLine(0);
  const parser = new Parser(lineCounter.addNewLine);
  const nesting = new Nesting();
  const tokens = [];
  for (const lexeme of new Lexer().lex(text)) {
    if (nesting.isTooDeep(lexeme)) throw new OpenApiError([`it is nested deeper than ${maxNesting} levels`]);
    tokens.push(...parser.next(lexeme));
  }
  tokens.push(...parser.end());
  // Comparing keys takes a time that is quadratic in them; of one that stands twice the last is taken, as in JSON.
  const composer = new Composer({ schema: 'core', merge: true, uniqueKeys: false, stringKeys: true, lineCounter });
  const [document, second] = [...composer.compose(tokens, true, text.length)];
  const [problem] = document?.errors ?? [];
  if (problem) {
    const { line, col } = lineCounter.linePos(problem.pos[0]);
    throw new OpenApiError([`it is no YAML: line ${line}, column ${col}: ${problem.message.slice(0, 300)}`]);
  }
  if (second) throw new OpenApiError(['it holds several YAML documents']);
  return document?.toJS({ maxAliasCount });
}

/** Counts how deep the text nests: by brackets, by indentation, by indicators in a row (`- - - x`). */
class Nesting {
  #brackets = 0;
  #row = 0;
  #isLineStart = true;
  #isText = false;

  isTooDeep(lexeme: string): boolean {
    if (this.#isText) {
      this.#isText = false;
      return false;
    }
    this.#isText = lexeme === textMark;
    const [first] = lexeme;
    const atStart = this.#isLineStart;
    this.#isLineStart = first === '\n' || first === '\r';
    if (this.#isLineStart) {
      if (this.#brackets === 0) this.#row = 0;
      return false;
    }
    if (first === ' ') return atStart && this.#brackets === 0 && lexeme.length > maxIndent;
    if (lexeme === '[' || lexeme === '{') return ++this.#brackets > maxNesting;
    if (lexeme === ']' || lexeme === '}') this.#brackets = Math.max(0, this.#brackets - 1);
    if (lexeme === ',') this.#row = 0;
    return (lexeme === '-' || lexeme === '?' || lexeme === ':') && ++this.#row > maxNesting;
  }
}

/** The lexer says by it that text follows, which may look like structure. */
const textMark = '\x1f';
