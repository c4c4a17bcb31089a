/**
 * Validates a query. On the wire a list of one looks like a single value, and a list of none is absent; only the schema
 * knows what is meant. So values are validated as they stand first. Where the schema refuses a value, it is shown again as
 * a list, then as a set; what it accepts is taken. Client and server both do this, so both see the same.
 */
import type { StandardSchema } from '@fwk/kernel';
import type { WireIssue } from './problem.js';
import { type Validated, validatePart } from './validate.js';
import type { QueryValues } from './wire-values.js';

/** In the order in which a value is shown to the schema. */
const formsOfText = ['as-is', 'list', 'set'] as const;
const formsOfList = ['list', 'set'] as const;
/** A bare name is an empty list from our clients, and empty text from others. */
const formsOfBareName = ['list', 'text', 'set'] as const;
type Form = 'as-is' | 'list' | 'set' | 'text';

/** Most values of which each may be a list or not, when the schema does not say which it refuses: 15 ways of four. */
const maxUndecided = 4;

/** Validates a query; answers at once when the schema takes it as it stands and is not async. */
export function validateQuery(schema: StandardSchema, query: QueryValues): Validated | Promise<Validated> {
  const attempt = new Attempt(query, new Map());
  const first = attempt.validate(schema);
  if (!(first instanceof Promise)) return first.issues ? tryOtherForms(schema, query, first.issues) : first;
  return first.then((later) => (later.issues ? tryOtherForms(schema, query, later.issues) : later));
}

async function tryOtherForms(schema: StandardSchema, query: QueryValues, first: WireIssue[]): Promise<Validated> {
  const tries = new Map<string, number>();
  let issues = first;
  // A name has three forms; those that are refused are tried together.
  for (let round = 1; round < 3; round++) {
    const refused = refusedNames(issues, query).filter((name) => formOf(query, name, (tries.get(name) ?? 0) + 1));
    if (refused.length === 0) break;
    for (const name of refused) tries.set(name, (tries.get(name) ?? 0) + 1);
    const result = await new Attempt(query, tries).safely(schema);
    if (!result) return { issues: first };
    if (!result.issues) return result;
    issues = result.issues;
    if (round === 1) first = withSecond(first, issues);
  }
  if (issues.some(({ path }) => path === '')) {
    const found = await tryUndecided(schema, query);
    if (found) return found;
  }
  const exhausted = new Set(refusedNames(issues, query));
  const rest = issues.filter(({ path }) => !exhausted.has(path));
  return { issues: [...first.filter(({ path }) => exhausted.has(path)), ...rest] };
}

/** The schema refuses the whole, as a union of objects does: any of the single values may be meant as a list. */
async function tryUndecided(schema: StandardSchema, query: QueryValues): Promise<Validated | undefined> {
  const names = Object.keys(query).filter((name) => typeof query[name] === 'string');
  if (names.length > maxUndecided) return undefined;
  for (let choice = 1; choice < 2 ** names.length; choice++) {
    const chosen = names.filter((_name, index) => (choice >> index) & 1);
    const result = await new Attempt(query, new Map(chosen.map((name) => [name, 1]))).safely(schema);
    if (result && !result.issues) return result;
  }
  return undefined;
}

/** A query in one choice of forms. */
class Attempt {
  readonly #value: QueryValues | Record<string, unknown>;
  readonly #guarded: object[] = [];

  /** @param tries - by name, how many forms were refused before. */
  constructor(query: QueryValues, tries: ReadonlyMap<string, number>) {
    if (tries.size === 0 && !Object.values(query).some((value) => value.length === 0 && typeof value === 'object')) {
      this.#value = query;
      return;
    }
    const shown: Record<string, unknown> = Object.create(null);
    for (const name of Object.keys(query)) shown[name] = this.#show(query, name, tries.get(name) ?? 0);
    for (const [name, count] of tries) if (!Object.hasOwn(query, name)) shown[name] = this.#show(query, name, count);
    this.#value = shown;
  }

  validate(schema: StandardSchema): Validated | Promise<Validated> {
    const result = validatePart(schema, 'query', this.#value);
    if (this.#guarded.length === 0) return result;
    if (result instanceof Promise) return result.then((later) => this.#unguard(later));
    return this.#unguard(result);
  }

  /** Undefined when the schema throws: it takes no lists there. */
  async safely(schema: StandardSchema): Promise<Validated | undefined> {
    try {
      return await this.validate(schema);
    } catch {
      return undefined;
    }
  }

  #show(query: QueryValues, name: string, count: number): unknown {
    const value = query[name] ?? [];
    const form = formOf(query, name, count);
    if (form === 'text') return '';
    if (form === undefined || form === 'as-is') return value;
    const members = typeof value === 'string' ? [value] : value;
    const shown: object = form === 'list' ? [...members] : new Set(members);
    // Several values were a list all along.
    if (members.length > 1) return shown;
    Object.defineProperty(shown, Symbol.toPrimitive, { value: refusePrimitive, configurable: true });
    this.#guarded.push(shown);
    return shown;
  }

  #unguard(result: Validated): Validated {
    for (const shown of this.#guarded) Reflect.deleteProperty(shown, Symbol.toPrimitive);
    return result;
  }
}

/** A schema that coerces would make 0 of an absent number: `Number([])` is 0. */
function refusePrimitive(): never {
  throw new TypeError('a list is no number, text or date');
}

function formOf(query: QueryValues, name: string, count: number): Form | undefined {
  const value = query[name];
  if (typeof value === 'string' || value === undefined) return formsOfText[count];
  return value.length === 0 ? formsOfBareName[count] : formsOfList[count];
}

/** The names whose values the schema refuses as a whole; `tags.0` is a member of `tags`, where there is such a list. */
function refusedNames(issues: readonly WireIssue[], query: QueryValues): string[] {
  const isName = (path: string) =>
    !path.includes('.') || Object.hasOwn(query, path) || !Object.hasOwn(query, path.slice(0, path.indexOf('.')));
  return [...new Set(issues.map(({ path }) => path))].filter((path) => path !== '' && isName(path));
}

/** Says of each refused value also what is wrong with it as a list: only its author knows which of them was meant. */
function withSecond(first: readonly WireIssue[], second: readonly WireIssue[]): WireIssue[] {
  return first.map((issue) => {
    const other = second.find(({ path }) => path === issue.path);
    if (!other || other.message === issue.message || issue.path === '') return issue;
    return { ...issue, message: `${issue.message} (as a list: ${other.message})` };
  });
}
