/**
 * A query as its schema is shown it. On the wire a list of one looks like a single value, and what is empty is a bare name; only the
 * schema knows what is meant. So each value has several forms, in an order, and the schema is shown the next form of those that
 * it has refused.
 */

import { areIndexes, partsOf } from '../contract/nested-names.js';
import type { WireIssue } from './problem.js';
import type { QueryValues } from './wire-values.js';

const formsOfText = ['as-is', 'list', 'set'] as const;
const formsOfList = ['list', 'set'] as const;
/** A bare name is an empty list or object from our clients, and empty text from others. */
const formsOfBareName = ['list', 'text', 'object', 'set'] as const;
const formsOfObject = ['object'] as const;
/** Names that are all numbers are those of a list, or of an object. */
const formsOfIndexes = ['members', 'object'] as const;
type Form = 'as-is' | 'list' | 'set' | 'text' | 'object' | 'members';

/** How many forms a value has at most. */
export const mostForms = formsOfBareName.length;

/** One value, or what is nested in it. */
interface Shaped {
  readonly forms: readonly Form[];
  readonly value: string | readonly string[];
  /** By name; undefined for a value. */
  readonly inside: Map<string, Shaped> | undefined;
}

/** How often the forms of a value were refused, by its path. */
export type Tries = ReadonlyMap<string, number>;

/** See the head of this file. */
export class QueryShape {
  readonly #root = new Map<string, Shaped>();
  /** By path, such as `filter.color`; made when it is first needed. */
  #paths: Map<string, Shaped> | undefined;
  readonly #query: QueryValues;
  /** Whether the query can be shown as it is. */
  #simple = true;

  private constructor(query: QueryValues) {
    this.#query = query;
  }

  /**
   * @param plain - names in brackets that the schema names as they are
   * @returns the shape, or what is wrong with names
   */
  static of(query: QueryValues, plain: ReadonlySet<string>): QueryShape | readonly WireIssue[] {
    const shape = new QueryShape(query);
    const issues: WireIssue[] = [];
    for (const name of Object.keys(query)) {
      const parts = plain.has(name) ? undefined : partsOf(name);
      const fault = parts && 'fault' in parts ? parts.fault : shape.#add(parts ?? [name], query[name] ?? []);
      if (fault !== undefined) issues.push({ in: 'query', path: name.slice(0, 200), message: fault });
    }
    if (issues.length > 0) return issues.slice(0, 100);
    return shape;
  }

  /** The query itself where nothing in it has a form of its own; else a copy in the forms that the tries ask for. */
  shown(tries: Tries, guard: (value: object) => void): object {
    if (tries.size === 0 && this.#simple) return this.#query;
    const known = this.#byPath;
    const absent = [...tries.keys()].filter((path) => !known.has(path));
    const placed = absent.map((path) => [path, this.#placeOf(path)?.parent ?? ''] as const);
    return new Showing(tries, placed, guard).object(this.#root, '');
  }

  /** The paths of single values, of which each may be meant as a list, under a path; empty for all. */
  undecided(path: string): readonly string[] {
    const texts = [...this.#byPath].filter(([, { value, inside }]) => !inside && typeof value === 'string');
    return texts.map(([each]) => each).filter((each) => path === '' || each.startsWith(`${path}.`));
  }

  /** Whether something is nested in what stands at a path. */
  isNested(path: string): boolean {
    return this.#byPath.get(path)?.inside !== undefined;
  }

  /** Whether a path is that of a value, there or absent; not that of a member of a list. */
  isName(path: string): boolean {
    return path !== '' && (this.#byPath.has(path) || this.#placeOf(path) !== undefined);
  }

  /** Whether there is a further form. @param count - how many were refused */
  hasForm(path: string, count: number): boolean {
    const forms: readonly Form[] = this.#byPath.get(path)?.forms ?? formsOfList;
    // What is absent is shown as nothing at first.
    return count < forms.length + (this.#byPath.has(path) ? 0 : 1);
  }

  get #byPath(): Map<string, Shaped> {
    if (!this.#paths) {
      this.#paths = new Map();
      this.#settle(this.#root, '', this.#paths);
    }
    return this.#paths;
  }

  /** Where an absent value would be; undefined inside a list. */
  #placeOf(path: string): { readonly parent: string } | undefined {
    for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
      const parent = path.slice(0, dot);
      const known = this.#byPath.get(parent);
      if (known) return known.inside ? { parent } : undefined;
    }
    return { parent: '' };
  }

  #add(parts: readonly string[], value: string | readonly string[]): string | undefined {
    let inside = this.#root;
    const last = parts.length - 1;
    for (const [at, part] of parts.entries()) {
      const known = inside.get(part);
      if (at === last) {
        if (known) return 'has a value, and values nested in it';
        inside.set(part, { forms: formsOf(value), value, inside: undefined });
        if (value.length === 0 && typeof value === 'object') this.#simple = false;
        return undefined;
      }
      this.#simple = false;
      if (known && !known.inside) return `is nested in "${parts.slice(0, at + 1).join('.')}", which has a value itself`;
      const next = known?.inside ?? new Map<string, Shaped>();
      if (!known) inside.set(part, { forms: formsOfObject, value: '', inside: next });
      inside = next;
    }
    return undefined;
  }

  /** Finds lists among what is nested, once all is here. */
  #settle(inside: Map<string, Shaped>, prefix: string, paths: Map<string, Shaped>): void {
    for (const [name, shaped] of inside) {
      const path = prefix + name;
      const isList = shaped.inside !== undefined && areIndexes([...shaped.inside.keys()]);
      const settled = isList ? { ...shaped, forms: formsOfIndexes } : shaped;
      if (isList) inside.set(name, settled);
      paths.set(path, settled);
      if (shaped.inside) this.#settle(shaped.inside, `${path}.`, paths);
    }
  }
}

function formsOf(value: string | readonly string[]): readonly Form[] {
  if (typeof value === 'string') return formsOfText;
  return value.length === 0 ? formsOfBareName : formsOfList;
}

/** Makes one copy. */
class Showing {
  readonly #tries: Tries;
  readonly #absent: readonly (readonly [path: string, parent: string])[];
  readonly #guard: (value: object) => void;

  constructor(tries: Tries, absent: readonly (readonly [string, string])[], guard: (value: object) => void) {
    this.#tries = tries;
    this.#absent = absent;
    this.#guard = guard;
  }

  /** @param path - its own; empty for the whole query */
  object(inside: ReadonlyMap<string, Shaped>, path: string): object {
    const shown: Record<string, unknown> = Object.create(null);
    const prefix = path === '' ? '' : `${path}.`;
    for (const [name, shaped] of inside) shown[name] = this.#value(shaped, prefix + name);
    for (const [absent, parent] of this.#absent) {
      if (parent !== path) continue;
      const form = formsOfList[(this.#tries.get(absent) ?? 0) - 1];
      if (form) shown[absent.slice(prefix.length)] = this.#members([], form);
    }
    return shown;
  }

  #value({ forms, value, inside }: Shaped, path: string): unknown {
    const form = forms[this.#tries.get(path) ?? 0] ?? forms[0];
    if (inside) {
      if (form === 'object') return this.object(inside, path);
      return Array.from({ length: inside.size }, (_, index) =>
        this.#value(inside.get(String(index)) as Shaped, `${path}.${index}`),
      );
    }
    if (form === 'text') return '';
    if (form === 'object') return Object.create(null);
    if (form === 'as-is') return value;
    return this.#members(typeof value === 'string' ? [value] : value, form === 'set' ? 'set' : 'list');
  }

  #members(members: readonly string[], form: 'list' | 'set'): object {
    const shown: object = form === 'list' ? [...members] : new Set(members);
    // Several values were a list all along.
    if (members.length < 2) this.#guard(shown);
    return shown;
  }
}
