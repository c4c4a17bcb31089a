/**
 * Reads YAML 1.2 (core schema) into plain data, with the place of every value.
 *
 * The `yaml` package does the reading, in its parts rather than by `parse()`, because some inputs make the whole do
 * harm: nesting is recursive, and near the end of the stack V8 fails to compile a regular expression, which ends the
 * process (seen with 1 MiB of `[`, and with 1000 lines indented one further each); comparing keys is quadratic (60 000
 * keys: 21 s). So nesting and the number of parts are bounded while lexing, and keys are compared here.
 */
import type { Alias, LineCounter, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { ConfigError, ConfigErrorCode } from '../errors.js';
import { joinPath } from '../tree/path.js';
import { checkDepth, checkKey } from '../tree/tree.js';
import { NestingGuard } from './nesting-guard.js';
import { type ParsedFile, type Position, problemAt } from './parsed-file.js';

/** How many values all aliases together may stand for; "a billion laughs" needs far more, a shared block far fewer. */
const maxAliasedValues = 10_000;

/**
 * @throws ConfigError `FWK_CONFIG_SYNTAX`, `FWK_CONFIG_KEY_REFUSED`, `FWK_CONFIG_TOO_DEEP`, `FWK_CONFIG_ALIAS_REFUSED`,
 * `FWK_CONFIG_FILE_TOO_LARGE` with line and column.
 */
export async function parseYaml(text: string, file: string): Promise<ParsedFile> {
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  lines.addNewLine(0);
  const parser = new yaml.Parser(lines.addNewLine);
  const guard = new NestingGuard();
  const tokens = [];
  for (const lexeme of new yaml.Lexer().lex(text)) {
    const problem = guard.next(lexeme);
    if (problem) throw problemAt(problem.code, file, placeOf(lines, guard.offset), problem.message);
    for (const parsed of parser.next(lexeme)) tokens.push(parsed);
  }
  for (const parsed of parser.end()) tokens.push(parsed);
  const composer = new yaml.Composer({
    ...{ schema: 'core', merge: false, resolveKnownTags: false, stringKeys: true, uniqueKeys: false },
    ...{ prettyErrors: false, logLevel: 'silent', lineCounter: lines },
  });
  const documents = [...composer.compose(tokens, true, text.length)];
  const problem = documents.flatMap((document) => [...document.errors, ...document.warnings])[0];
  // The tail of a message may quote the file (`Unresolved tag: !hunter2`), and that may be a secret.
  if (problem) {
    throw problemAt('FWK_CONFIG_SYNTAX', file, placeOf(lines, problem.pos[0]), problem.message.split(/[:"]/)[0] ?? '');
  }
  const second = documents[1];
  if (second) {
    const place = placeOf(lines, second.range[0]);
    throw problemAt('FWK_CONFIG_SYNTAX', file, place, 'a second document starts here; only one is allowed');
  }
  const reader = new YamlReader(yaml, lines, file);
  return { value: reader.read(documents[0]?.contents ?? null, '', 0), positions: reader.positions };
}

function placeOf(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

type YamlModule = typeof import('yaml');

class YamlReader {
  readonly positions = new Map<string, Position>();
  readonly #yaml: YamlModule;
  readonly #lines: LineCounter;
  readonly #file: string;
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  #aliased = 0;
  #insideAlias = false;

  constructor(yaml: YamlModule, lines: LineCounter, file: string) {
    this.#yaml = yaml;
    this.#lines = lines;
    this.#file = file;
  }

  read(node: Node | null | undefined, path: string, depth: number): unknown {
    if (!node) return null;
    const place = placeOf(this.#lines, node.range?.[0] ?? 0);
    checkDepth(depth, { source: this.#file, file: this.#file, ...place });
    if (this.#insideAlias && ++this.#aliased > maxAliasedValues) {
      throw this.#fail('FWK_CONFIG_ALIAS_REFUSED', node, `aliases stand for more than ${maxAliasedValues} values`);
    }
    this.positions.set(path, place);
    if (this.#yaml.isAlias(node)) return this.#alias(node, path, depth);
    const anchor = (node as Scalar | YAMLMap | YAMLSeq).anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    if (this.#yaml.isScalar(node)) return node.value;
    this.#open.add(node);
    const value = this.#yaml.isMap(node)
      ? this.#map(node as YAMLMap<unknown, unknown>, path, depth)
      : (node as YAMLSeq<Node>).items.map((item, index) => this.read(item, joinPath(path, String(index)), depth + 1));
    this.#open.delete(node);
    return value;
  }

  #map(node: YAMLMap<unknown, unknown>, path: string, depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (const pair of node.items as Pair<Scalar, Node>[]) {
      const key = String(pair.key.value);
      const place = placeOf(this.#lines, pair.key.range?.[0] ?? node.range?.[0] ?? 0);
      checkKey(key, path, { source: this.#file, file: this.#file, ...place });
      if (Object.hasOwn(object, key)) {
        throw problemAt('FWK_CONFIG_SYNTAX', this.#file, place, 'this key occurs twice in the same map');
      }
      if (key === '<<') {
        const message = 'merge keys (<<) are not part of YAML 1.2; write the values out, or use an alias for the whole';
        throw problemAt('FWK_CONFIG_SYNTAX', this.#file, place, message);
      }
      const written = joinPath(path, key);
      object[key] = this.read(pair.value, written, depth + 1);
      if (!pair.value) this.positions.set(written, place);
    }
    return object;
  }

  #alias(alias: Alias, path: string, depth: number): unknown {
    const target = this.#anchors.get(alias.source);
    if (!target) throw this.#fail('FWK_CONFIG_ALIAS_REFUSED', alias, 'no anchor of this name stands before this alias');
    if (this.#open.has(target)) {
      throw this.#fail('FWK_CONFIG_ALIAS_REFUSED', alias, 'this alias refers to what it stands in, which has no end');
    }
    const outer = this.#insideAlias;
    this.#insideAlias = true;
    const value = this.read(target, path, depth);
    this.#insideAlias = outer;
    return value;
  }

  #fail(code: ConfigErrorCode, node: Node, message: string): ConfigError {
    return problemAt(code, this.#file, placeOf(this.#lines, node.range?.[0] ?? 0), message);
  }
}
