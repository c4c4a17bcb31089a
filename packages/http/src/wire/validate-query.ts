/**
 * Validates a query. Values are shown to the schema as they stand first. Where it refuses a value, it is shown another form of
 * that value, such as a list of one; what it accepts is taken. Client and server both do this, so both see the same.
 */
import type { StandardSchema } from '@fwk/kernel';
import type { WireIssue } from './problem.js';
import { mostForms, QueryShape, type Tries } from './query-shape.js';
import { type Validated, validatePart } from './validate.js';
import type { QueryValues } from './wire-values.js';

/** Most values of which each may be a list or not, when the schema does not say which it refuses: 15 ways of four. */
const maxUndecided = 4;
const noTries: Tries = new Map();
const noNames: ReadonlySet<string> = new Set();

/**
 * Validates a query; answers at once when the schema takes it as it stands and is not async.
 * @param plain - names in brackets that the schema names as they are. @defaultValue none
 */
export function validateQuery(
  schema: StandardSchema,
  query: QueryValues,
  plain: ReadonlySet<string> = noNames,
): Validated | Promise<Validated> {
  const shape = QueryShape.of(query, plain);
  if (!(shape instanceof QueryShape)) return { issues: [...shape] };
  const first = new Attempt(shape, noTries).validate(schema);
  if (!(first instanceof Promise)) return first.issues ? tryOtherForms(schema, shape, first.issues) : first;
  return first.then((later) => (later.issues ? tryOtherForms(schema, shape, later.issues) : later));
}

async function tryOtherForms(schema: StandardSchema, shape: QueryShape, first: WireIssue[]): Promise<Validated> {
  const tries = new Map<string, number>();
  let issues = first;
  // Those that are refused are tried together.
  for (let round = 1; round < mostForms; round++) {
    const refused = refusedNames(issues, shape).filter((path) => shape.hasForm(path, (tries.get(path) ?? 0) + 1));
    if (refused.length === 0) break;
    for (const path of refused) tries.set(path, (tries.get(path) ?? 0) + 1);
    const result = await new Attempt(shape, tries).safely(schema);
    if (!result) return { issues: first };
    if (!result.issues) return result;
    issues = result.issues;
    if (round === 1) first = withSecond(first, issues);
  }
  const unclear = issues.find(({ path }) => path === '' || shape.isNested(path));
  if (unclear) {
    const found = await tryUndecided(schema, shape, shape.undecided(unclear.path));
    if (found) return found;
  }
  const exhausted = new Set(refusedNames(issues, shape));
  const rest = issues.filter(({ path }) => !exhausted.has(path));
  return { issues: [...first.filter(({ path }) => exhausted.has(path)), ...rest] };
}

/** The schema refuses the whole, as a union of objects does: any of the single values may be meant as a list. */
async function tryUndecided(
  schema: StandardSchema,
  shape: QueryShape,
  paths: readonly string[],
): Promise<Validated | undefined> {
  if (paths.length > maxUndecided) return undefined;
  for (let choice = 1; choice < 2 ** paths.length; choice++) {
    const chosen = paths.filter((_path, index) => (choice >> index) & 1);
    const result = await new Attempt(shape, new Map(chosen.map((path) => [path, 1]))).safely(schema);
    if (result && !result.issues) return result;
  }
  return undefined;
}

/** A query in one choice of forms. */
class Attempt {
  readonly #value: object;
  readonly #guarded: object[] = [];

  constructor(shape: QueryShape, tries: Tries) {
    this.#value = shape.shown(tries, (shown) => {
      Object.defineProperty(shown, Symbol.toPrimitive, { value: refusePrimitive, configurable: true });
      this.#guarded.push(shown);
    });
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

  #unguard(result: Validated): Validated {
    for (const shown of this.#guarded) Reflect.deleteProperty(shown, Symbol.toPrimitive);
    return result;
  }
}

/** A schema that coerces would make 0 of an absent number: `Number([])` is 0. */
function refusePrimitive(): never {
  throw new TypeError('a list is no number, text or date');
}

/** The paths of values that the schema refuses as a whole; `tags.0` is a member of `tags`, where there is such a list. */
function refusedNames(issues: readonly WireIssue[], shape: QueryShape): string[] {
  return [...new Set(issues.map(({ path }) => path))].filter((path) => shape.isName(path));
}

/** Says of each refused value also what is wrong with it as a list: only its author knows which of them was meant. */
function withSecond(first: readonly WireIssue[], second: readonly WireIssue[]): WireIssue[] {
  return first.map((issue) => {
    const other = second.find(({ path }) => path === issue.path);
    if (!other || other.message === issue.message || issue.path === '') return issue;
    return { ...issue, message: `${issue.message} (as a list: ${other.message})` };
  });
}
