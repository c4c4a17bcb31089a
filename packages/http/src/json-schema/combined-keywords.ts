/** Keywords that put schemas together: all of them, one of them, none of them, and what nobody has looked at. */
import { isObject, type JsonSchemaObject } from '../evolution/json-schema.js';
import { isSchema, schemasIn } from '../evolution/schema-parts.js';
import type { Check, Keywords } from './check.js';
import { Evaluated } from './evaluated.js';
import { all } from './member-keywords.js';
import type { Place, Run } from './run.js';

/** `allOf`, `anyOf`, `oneOf`, `not`, `if` with `then` and `else`. */
export const combinedKeywords: Keywords = (schema, compile) => {
  const parts = (keyword: string) => schemasIn(schema[keyword])?.map(compile);
  const checks: Check[] = [...(parts('allOf') ?? [])];
  const [some, one] = [parts('anyOf'), parts('oneOf')];
  if (some) checks.push(someOf(some, false));
  if (one) checks.push(someOf(one, true));
  if (isSchema(schema.not)) {
    const check = compile(schema.not);
    checks.push(
      (value, run, place) => !tried(check, value, run, place) || run.fail(place, 'is of the kind that it must not be'),
    );
  }
  if (isSchema(schema.if)) {
    const condition = compile(schema.if);
    const [yes, no] = [schema.then, schema.else].map((given) => (isSchema(given) ? compile(given) : undefined));
    checks.push((value, run, place, seen) => {
      const branch = tried(condition, value, run, place, seen) ? yes : no;
      return branch === undefined || branch(value, run, place, seen);
    });
  }
  return checks;
};

/** Whether a value fits, without a word about it; what it has looked at counts only then. */
function tried(check: Check, value: unknown, run: Run, place: Place | undefined, seen?: Evaluated): boolean {
  run.step();
  const its = seen && new Evaluated();
  const fits = run.silently(() => check(value, run, place, its));
  if (fits && its) seen.add(its);
  return fits;
}

function someOf(checks: readonly Check[], exactlyOne: boolean): Check {
  const [only] = checks;
  if (only && checks.length === 1) return only;
  return (value, run, place, seen) => {
    let fitting = 0;
    for (const check of checks) {
      if (tried(check, value, run, place, seen)) fitting++;
      // One is enough, unless the others matter: for what they look at, or because only one may fit.
      if (fitting > (exactlyOne ? 1 : 0) && !(seen && !exactlyOne)) break;
    }
    if (fitting === 0) return run.fail(place, `fits none of ${checks.length} alternatives`);
    return !exactlyOne || fitting === 1 || run.fail(place, 'fits several alternatives, of which it must fit one');
  };
}

/** Whether a schema asks what the others have looked at. */
export function asksForRest(schema: JsonSchemaObject): boolean {
  return isSchema(schema.unevaluatedProperties) || isSchema(schema.unevaluatedItems);
}

/** `unevaluatedProperties`, `unevaluatedItems`: after all others. */
export const restKeywords: Keywords = (schema, compile) => {
  const { unevaluatedProperties: fields, unevaluatedItems: items } = schema;
  const checks: Check[] = [];
  if (isSchema(fields)) {
    const check = compile(fields);
    checks.push((value, run, outer, seen) => {
      if (!isObject(value)) return true;
      const names = Object.keys(value).filter((name) => value[name] !== undefined && !seen?.hasName(name));
      seen?.allNames();
      return all(names, (key) => check(value[key], run, { key, outer }, undefined));
    });
  }
  if (isSchema(items)) {
    const check = compile(items);
    checks.push((value, run, outer, seen) => {
      if (!Array.isArray(value)) return true;
      const indexes = [...value.keys()].filter((index) => !seen?.hasIndex(index));
      seen?.indexesBelow(value.length);
      return all(indexes, (key) => check(value[key], run, { key, outer }, undefined));
    });
  }
  return checks;
};
