/**
 * Puts what references stand for into the merged settings, before the schema sees them. A text that is one reference takes the
 * whole value, of whatever kind; within a longer text only single values can stand. What is read from a file, or refers to a
 * secret, is secret itself, wherever it stands.
 *
 * Bounded, because a few lines can refer to each other so that they stand for millions of values.
 */
import { isSecretName } from '@fwk/kernel';
import { decryptValue, isEncrypted, type ValueKeys } from '../cipher/value-cipher.js';
import type { ConfigIssue } from '../errors.js';
import { parseScalar } from '../format/scalar.js';
import { type FoundSecrets, namesSecret, type Secrets } from '../secret/secret.js';
import type { Origin } from '../tree/origin.js';
import { type ConfigPath, formatPath, parsePath } from '../tree/path.js';
import { type ConfigTree, eachLeaf, isTree, kindOf, valueAt } from '../tree/tree.js';
import type { OutsideTexts } from './outside-texts.js';
import { isPlain, needsResolving } from './plain.js';
import { type Piece, type Reference, readTemplate } from './template.js';
import { inUnit } from './units.js';

/** How many settings may refer to each other in a row. */
const maxChain = 32;
/** How many values all references to objects and lists may stand for together. */
const maxReferredValues = 10_000;
/** How many values may be looked at for that, those included that are referred to by what is refused. */
const maxLookedAt = 10 * maxReferredValues;
/** How many characters all texts that references are put into may have together. */
const maxCharacters = 1024 * 1024;

/** What is needed to resolve references. */
export interface Resolution {
  readonly secrets: Secrets;
  readonly outside: OutsideTexts;
  /** For values that are kept encrypted. */
  readonly keys: ValueKeys;
  /** Where the value at a path was set. */
  originOf(path: ConfigPath): Origin | undefined;
}

/** Settings with everything in its place. */
export interface Resolved {
  readonly tree: ConfigTree;
  /** Secrets that neither names nor declarations tell. */
  readonly secrets: FoundSecrets;
  /** Empty when all is well. */
  readonly issues: readonly ConfigIssue[];
}

/** Resolves all references, and values with units. Shares what needed nothing with the given tree. */
export function resolveTree(raw: ConfigTree, resolution: Resolution): Resolved {
  return new Resolver(raw, resolution).all();
}

/** A problem with the setting that is being resolved. */
class ReferenceProblem extends Error {}

interface Value {
  readonly value: unknown;
  readonly secret: boolean;
}

class Resolver {
  readonly #raw: ConfigTree;
  readonly #resolution: Resolution;
  readonly #known = new Map<string, Value>();
  /** Texts that are being resolved now, outermost first. */
  readonly #open = new Set<string>();
  readonly #issues: ConfigIssue[] = [];
  readonly #paths = new Set<string>();
  readonly #texts = new Set<string>();
  #referred = 0;
  #lookedAt = 0;
  #characters = 0;

  constructor(raw: ConfigTree, resolution: Resolution) {
    this.#raw = raw;
    this.#resolution = resolution;
  }

  all(): Resolved {
    const tree = this.#walk(this.#raw, []) as ConfigTree;
    return { tree, secrets: { paths: this.#paths, texts: this.#texts }, issues: this.#issues };
  }

  #walk(value: unknown, path: ConfigPath): unknown {
    if (typeof value === 'string') return this.#leaf(value, path);
    if (Array.isArray(value)) {
      const items = value.map((item, index) => this.#walk(item, [...path, String(index)]));
      return items.every((item, index) => Object.is(item, value[index])) ? value : items;
    }
    if (!isTree(value) || isPlain(value)) return value;
    if (namesSecret(value)) this.#paths.add(formatPath([...path, 'value']));
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(value)) {
      const item = value[key];
      if (typeof item !== 'string' && typeof item !== 'object') continue;
      const resolved = this.#walk(item, [...path, key]);
      if (Object.is(resolved, item)) continue;
      copy ??= { ...value };
      copy[key] = resolved;
    }
    return copy ?? value;
  }

  /** One text, resolved; what cannot be is noted as an issue and stays as it is. */
  #leaf(text: string, path: ConfigPath): unknown {
    if (!needsResolving(text)) return inUnit(text, path);
    try {
      return this.#text(text, path).value;
    } catch (error) {
      if (!(error instanceof ReferenceProblem)) throw error;
      this.#issues.push({ path: formatPath(path), message: error.message, origin: this.#resolution.originOf(path) });
      return text;
    }
  }

  #text(text: string, path: ConfigPath): Value {
    const written = formatPath(path);
    const known = this.#known.get(written);
    if (known) return known;
    if (this.#open.has(written)) {
      const around = [...this.#open];
      throw new ReferenceProblem(
        `refers to itself: ${[...around.slice(around.indexOf(written)), written].join(' → ')}; put a value into one of them`,
      );
    }
    if (this.#open.size >= maxChain) {
      throw new ReferenceProblem(`refers through more than ${maxChain} settings in a row`);
    }
    this.#open.add(written);
    try {
      const value = this.#put(text, path);
      this.#known.set(written, value);
      return value;
    } finally {
      this.#open.delete(written);
    }
  }

  #put(text: string, path: ConfigPath): Value {
    if (isEncrypted(text)) return this.#decrypted(text, path);
    const pieces = readTemplate(text);
    if ('problem' in pieces) throw new ReferenceProblem(pieces.problem);
    const [first] = pieces;
    if (pieces.length === 1 && typeof first === 'object') return this.#whole(first, path);
    let secret = false;
    const parts = pieces.map((piece) => {
      const part = this.#piece(piece, path);
      secret ||= part.secret;
      return part.value;
    });
    const value = parts.join('');
    this.#characters += value.length;
    if (this.#characters > maxCharacters) {
      throw new ReferenceProblem(`references make the texts longer than ${maxCharacters} characters together`);
    }
    return this.#mark({ value: inUnit(value, path), secret }, path);
  }

  /** The text of an encrypted value. Nothing in it is a reference. */
  #decrypted(text: string, path: ConfigPath): Value {
    const opened = decryptValue(text, this.#resolution.keys);
    if ('problem' in opened) throw new ReferenceProblem(opened.problem);
    return this.#mark({ value: opened.text, secret: true }, path);
  }

  /** A text that is one reference: whatever kind of value that is. */
  #whole(reference: Reference, path: ConfigPath): Value {
    const found = this.#find(reference, path);
    if (typeof found.value === 'string') {
      const read = reference.kind === 'env' && !found.secret ? parseScalar(found.value) : found.value;
      return this.#mark({ value: typeof read === 'string' ? inUnit(read, path) : read, secret: found.secret }, path);
    }
    if (isTree(found.value) || Array.isArray(found.value)) this.#copied(found.value, reference, path);
    return this.#mark(found, path);
  }

  /** An object that stands at a second place: bounds it, and carries over which parts of it are secret. */
  #copied(value: unknown, reference: Reference, path: ConfigPath): void {
    const from = parsePath(reference.name);
    const tooMany = () => {
      throw new ReferenceProblem(`references stand for more than ${maxReferredValues} values together`);
    };
    if (this.#referred > maxReferredValues) tooMany();
    eachLeaf(value, (below, leaf) => {
      if (++this.#referred > maxReferredValues) tooMany();
      if (this.#isSecret([...from, ...below], leaf)) this.#mark({ value: leaf, secret: true }, [...path, ...below]);
    });
  }

  #piece(piece: Piece, path: ConfigPath): Value {
    if (typeof piece === 'string') return { value: piece, secret: false };
    const found = this.#find(piece, path);
    const { value } = found;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new ReferenceProblem(`${piece.written} is ${kindOf(value)}; only single values can stand within a text`);
    }
    if (found.secret) this.#texts.add(String(value));
    return found;
  }

  #find(reference: Reference, path: ConfigPath): Value {
    const { kind, name, usual } = reference;
    const found = kind === 'setting' ? this.#setting(parsePath(name)) : this.#outside(kind, name);
    if (found.value !== undefined) return found;
    if (usual !== undefined) return { value: parseScalar(usual), secret: found.secret };
    const what = { setting: 'is not set', env: 'is a variable that is not set', file: this.#whyNoFile(name) }[kind];
    throw new ReferenceProblem(`${reference.written} ${what}${kind === 'setting' ? this.#own(name, path) : ''}`);
  }

  #own(name: string, path: ConfigPath): string {
    const beside = formatPath([...path.slice(0, -1), ...parsePath(name)]);
    const known = path.length > 1 && valueAt(this.#raw, parsePath(beside)) !== undefined;
    return known ? `; paths start at the root: write "${beside}"` : '';
  }

  #outside(kind: 'env' | 'file', name: string): Value {
    const value = this.#resolution.outside[kind](name);
    return { value: value?.text, secret: kind === 'file' || isSecretName(name, value?.text) };
  }

  #whyNoFile(name: string): string {
    return `cannot be read: ${this.#resolution.outside.file(name)?.problem ?? 'there is no such file'}`;
  }

  #setting(path: ConfigPath): Value {
    let value: unknown = this.#raw;
    let secret = false;
    for (const [index, part] of path.entries()) {
      value = valueAt(value, [part]);
      const here = path.slice(0, index + 1);
      if (needsResolving(value)) {
        const resolved = this.#text(value, here);
        value = resolved.value;
        secret ||= resolved.secret;
      } else if (typeof value === 'string') value = inUnit(value, here);
    }
    // An object is taken with what its own texts stand for.
    if (isTree(value) || Array.isArray(value)) value = this.#inner(value, path);
    return { value, secret: secret || (value !== undefined && this.#isSecret(path, value)) };
  }

  #inner(value: unknown, path: ConfigPath): unknown {
    if (++this.#lookedAt > maxLookedAt) {
      throw new ReferenceProblem(`references look at more than ${maxLookedAt} values together`);
    }
    if (needsResolving(value)) return this.#text(value, path).value;
    if (Array.isArray(value)) return value.map((item, index) => this.#inner(item, [...path, String(index)]));
    if (!isTree(value)) return typeof value === 'string' ? inUnit(value, path) : value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#inner(item, [...path, key])]));
  }

  #isSecret(path: ConfigPath, value: unknown): boolean {
    return this.#paths.has(formatPath(path)) || this.#resolution.secrets.has(path, value);
  }

  #mark(value: Value, path: ConfigPath): Value {
    if (!value.secret) return value;
    this.#paths.add(formatPath(path));
    if (typeof value.value === 'string') this.#texts.add(value.value);
    return value;
  }
}
