/**
 * Reads `.env` files: `NAME=value` lines, `export ` before them, `#` comments, values in single quotes (as they are), double quotes
 * (with `\n`, `\t`, `\"`, `\\`) or without. Quoted values may run over several lines. Unlike Node's own reader, it says where
 * each variable stands, and refuses a line that it does not understand instead of leaving it out.
 */
import { type Position, problemAt } from './parsed-file.js';

/** One variable of the file. */
export interface EnvEntry {
  readonly name: string;
  readonly value: string;
  readonly position: Position;
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['"', '"'],
  ['\\', '\\'],
]);

/** @throws ConfigError `FWK_CONFIG_SYNTAX` with line and column; a variable that occurs twice is refused as well. */
export function parseEnv(text: string, file: string): EnvEntry[] {
  const entries: EnvEntry[] = [];
  const seen = new Set<string>();
  const lines = text.split(/\r\n|\n|\r/);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as string;
    if (/^\s*(?:#|$)/.test(line)) continue;
    const start = { line: index + 1, column: line.length - line.trimStart().length + 1 };
    const head = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=[ \t]*/.exec(line);
    const name = head?.[1];
    if (!head || name === undefined) throw problemAt('FWK_CONFIG_SYNTAX', file, start, 'NAME=value is expected here');
    if (seen.has(name)) throw problemAt('FWK_CONFIG_SYNTAX', file, start, 'this variable occurs twice in the file');
    seen.add(name);
    const quote = line[head[0].length];
    if (quote !== '"' && quote !== "'") {
      entries.push({ name, value: withoutComment(line.slice(head[0].length)), position: start });
      continue;
    }
    const end = endOfQuoted(lines, index, head[0].length + 1, quote);
    if (!end) throw problemAt('FWK_CONFIG_SYNTAX', file, start, 'this value has no closing quote');
    if (!/^\s*(?:#|$)/.test(end.rest)) {
      throw problemAt('FWK_CONFIG_SYNTAX', file, start, 'only a comment may follow the closing quote');
    }
    entries.push({ name, value: end.value, position: start });
    index = end.index;
  }
  return entries;
}

function withoutComment(text: string): string {
  const comment = text.startsWith('#') ? 0 : text.search(/\s#/);
  return (comment < 0 ? text : text.slice(0, comment)).trim();
}

function endOfQuoted(lines: readonly string[], first: number, from: number, quote: '"' | "'") {
  let value = '';
  for (let index = first, at = from; index < lines.length; index++, at = 0) {
    const line = lines[index] as string;
    if (index > first) value += '\n';
    for (; at < line.length; at++) {
      const letter = line[at] as string;
      if (letter === quote) return { value, index, rest: line.slice(at + 1) };
      const escaped = letter === '\\' && quote === '"' ? escapes.get(line[at + 1] ?? '') : undefined;
      value += escaped ?? letter;
      if (escaped !== undefined) at++;
    }
  }
  return undefined;
}
