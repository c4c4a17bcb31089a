/**
 * Schemas compiled into functions, each when it is first needed. No code is made of them: a document from outside stays data,
 * and the time that a value takes is bounded.
 */
import type { StandardIssue } from '@fwk/kernel';
import { isObject, type JsonSchema } from '../evolution/json-schema.js';
import type { Check } from './check.js';
import { asksForRest, combinedKeywords, restKeywords } from './combined-keywords.js';
import { Evaluated } from './evaluated.js';
import { listKeywords, objectKeywords } from './member-keywords.js';
import { Run, TooMuch } from './run.js';
import { numberKeywords, textKeywords, typeKeywords } from './value-keywords.js';

/** Schemas by name; others refer to them as `#/$defs/Name`. */
export type Definitions = Readonly<Record<string, JsonSchema>>;

const kinds = [typeKeywords, numberKeywords, textKeywords, listKeywords, objectKeywords, combinedKeywords];
const prefix = '#/$defs/';

/** The name that a reference means; undefined for one that leads elsewhere. */
export function definitionName(reference: unknown): string | undefined {
  if (typeof reference !== 'string' || !reference.startsWith(prefix)) return undefined;
  return reference.slice(prefix.length);
}

/** See the head of this file. */
export class CompiledSchemas {
  readonly #definitions: Definitions;
  readonly #named = new Map<string, Check>();

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  /** Makes the check of a schema. Its members are compiled when a value first reaches them, since schemas may hold themselves. */
  compile(schema: JsonSchema): Check {
    if (schema === true) return () => true;
    if (schema === false) return (_value, run, place) => run.fail(place, 'is not allowed');
    let checks: readonly Check[] | undefined;
    const make = () => kinds.flatMap((keywords) => keywords(schema, (inner) => this.compile(inner)));
    const name = definitionName(schema.$ref);
    const asks = asksForRest(schema);
    const rest = asks ? restKeywords(schema, (inner) => this.compile(inner)) : [];
    return (value, run, place, outerSeen) => {
      // A reference may lead back to itself; what is looked at gets no smaller by that.
      if (name !== undefined) run.enter();
      run.step();
      checks ??= name === undefined ? make() : [this.#referred(name), ...make()];
      const seen = asks ? new Evaluated() : outerSeen;
      let well = true;
      for (const check of checks) well = check(value, run, place, seen) && well;
      for (const check of rest) well = check(value, run, place, seen) && well;
      if (asks && seen) outerSeen?.add(seen);
      if (name !== undefined) run.leave();
      return well;
    };
  }

  #referred(name: string): Check {
    const known = this.#named.get(name);
    if (known) return known;
    const check = this.compile(Object.hasOwn(this.#definitions, name) ? (this.#definitions[name] ?? true) : false);
    this.#named.set(name, check);
    return check;
  }
}

/** Looks at a value. @returns what is wrong with it; nothing where it fits */
export function issuesOf(check: Check, value: unknown): readonly StandardIssue[] {
  const run = new Run();
  try {
    return check(value, run, undefined, undefined) ? [] : run.issues;
  } catch (error) {
    if (error instanceof TooMuch) return [{ message: error.message }];
    throw error;
  }
}

/** Those that a schema needs, by itself or by others that it refers to. */
export function reachableFrom(schema: JsonSchema, definitions: Definitions): Definitions {
  const found = new Map<string, JsonSchema>();
  const waiting: unknown[] = [schema];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (Array.isArray(at)) for (const item of at) waiting.push(item);
    if (!isObject(at)) continue;
    const name = definitionName(at.$ref);
    const referred = name === undefined || !Object.hasOwn(definitions, name) ? undefined : definitions[name];
    if (name !== undefined && referred !== undefined && !found.has(name)) {
      found.set(name, referred);
      waiting.push(referred);
    }
    waiting.push(...Object.values(at));
  }
  return Object.fromEntries(found);
}
