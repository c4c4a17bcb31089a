/**
 * Reads JSON strictly (RFC 8259). `JSON.parse` says neither where a value stands, which `explain` needs, nor, in Node
 * 20, where an error stands, and its messages quote the file. Two differences: a key that occurs twice is an error
 * (the first would vanish silently), and so are the keys that reach an object's prototype.
 */
import type { ConfigError, ConfigErrorCode } from '../errors.js';
import { joinPath } from '../tree/path.js';
import { checkDepth, checkKey } from '../tree/tree.js';
import { maxParts, type ParsedFile, type Position, problemAt } from './parsed-file.js';

const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** @throws ConfigError `FWK_CONFIG_SYNTAX`, `FWK_CONFIG_KEY_REFUSED`, `FWK_CONFIG_TOO_DEEP` with line and column. */
export function parseJson(text: string, file: string): ParsedFile {
  const reader = new JsonReader(text, file);
  return { value: reader.readAll(), positions: reader.positions };
}

class JsonReader {
  readonly positions = new Map<string, Position>();
  readonly #text: string;
  readonly #file: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #parts = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  readAll(): unknown {
    const value = this.#value('', 0);
    this.#skip();
    if (this.#at < this.#text.length) throw this.#fail('nothing may follow the end of the value');
    return value;
  }

  #value(path: string, depth: number): unknown {
    this.#skip();
    const origin = { source: this.#file, file: this.#file, ...this.#position() };
    checkDepth(depth, origin);
    if (++this.#parts > maxParts) throw this.#fail('more than 200000 values', 'FWK_CONFIG_FILE_TOO_LARGE');
    this.positions.set(path, this.#position());
    const letter = this.#text[this.#at];
    if (letter === '{') return this.#object(path, depth);
    if (letter === '[') return this.#list(path, depth);
    if (letter === '"') return this.#string();
    return this.#number() ?? this.#word();
  }

  #object(path: string, depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#members('}', () => {
      this.#skip();
      if (this.#text[this.#at] !== '"') throw this.#fail('a name in double quotes is expected');
      const origin = { source: this.#file, file: this.#file, ...this.#position() };
      const start = this.#at;
      const key = this.#string();
      checkKey(key, path, origin);
      if (Object.hasOwn(object, key)) {
        this.#at = start;
        throw this.#fail('this name occurs twice in the same object');
      }
      this.#skip();
      if (this.#text[this.#at] !== ':') throw this.#fail('":" is expected after a name');
      this.#at++;
      object[key] = this.#value(joinPath(path, key), depth + 1);
    });
    return object;
  }

  #list(path: string, depth: number): unknown[] {
    const list: unknown[] = [];
    this.#members(']', () => list.push(this.#value(joinPath(path, String(list.length)), depth + 1)));
    return list;
  }

  #members(end: '}' | ']', readMember: () => void): void {
    this.#at++;
    this.#skip();
    if (this.#text[this.#at] === end) {
      this.#at++;
      return;
    }
    for (;;) {
      readMember();
      this.#skip();
      const letter = this.#text[this.#at];
      if (letter !== ',' && letter !== end) throw this.#fail(`"," or "${end}" is expected`);
      this.#at++;
      if (letter === end) return;
    }
  }

  #string(): string {
    let end = this.#at + 1;
    for (let code = this.#text.charCodeAt(end); code !== 34; code = this.#text.charCodeAt(end)) {
      if (Number.isNaN(code)) throw this.#fail('this text has no closing double quote');
      if (code < 32) throw this.#fail('a line break or control character stands in this text');
      end += code === 92 ? 2 : 1;
    }
    try {
      const value = JSON.parse(this.#text.slice(this.#at, end + 1)) as string;
      this.#at = end + 1;
      return value;
    } catch {
      throw this.#fail('this text has an escape that JSON does not know');
    }
  }

  #number(): number | undefined {
    const pattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
    pattern.lastIndex = this.#at;
    const digits = pattern.exec(this.#text)?.[0];
    if (digits === undefined) return undefined;
    this.#at += digits.length;
    return Number(digits);
  }

  #word(): unknown {
    for (const [word, value] of words) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    throw this.#fail(this.#at < this.#text.length ? 'a value is expected' : 'the file ends too early');
  }

  #skip(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 10) {
        this.#line++;
        this.#lineStart = this.#at + 1;
      } else if (code !== 32 && code !== 13 && code !== 9) return;
    }
  }

  #position(): Position {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #fail(message: string, code: ConfigErrorCode = 'FWK_CONFIG_SYNTAX'): ConfigError {
    return problemAt(code, this.#file, this.#position(), message);
  }
}
