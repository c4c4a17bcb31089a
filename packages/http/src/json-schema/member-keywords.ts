/** Keywords about what stands inside a value: items of lists, fields of objects. */
import { isObject, type JsonSchema, type JsonSchemaObject } from '../evolution/json-schema.js';
import { fieldsOf, isSchema, namesIn, schemasIn } from '../evolution/schema-parts.js';
import { canonicalText } from './canonical-text.js';
import type { Check, Compile, Keywords } from './check.js';
import { patternTest } from './pattern.js';
import type { Place, Run } from './run.js';

/** Whether all are well; each is looked at, so that all that is wrong is told. */
export function all<Item>(items: Iterable<Item>, isWell: (item: Item) => boolean): boolean {
  let well = true;
  for (const item of items) well = isWell(item) && well;
  return well;
}

/** One level deeper. */
function inside(check: Check, value: unknown, run: Run, outer: Place | undefined, key: PropertyKey): boolean {
  run.enter();
  const well = check(value, run, { key, outer }, undefined);
  run.leave();
  return well;
}

function count(schema: JsonSchemaObject, keyword: string): number | undefined {
  const value = schema[keyword];
  return typeof value === 'number' ? value : undefined;
}

function schemaIn(schema: JsonSchemaObject, keyword: string): JsonSchema | undefined {
  const value = schema[keyword];
  return isSchema(value) ? value : undefined;
}

/** Schemas by name; what is no schema is left out. */
function schemasBy(schema: JsonSchemaObject, keyword: string): [string, JsonSchema][] {
  const value = schema[keyword];
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, given]) => (isSchema(given) ? [[name, given]] : []));
}

type ListCheck = (value: readonly unknown[], ...rest: Rest) => boolean;
type ObjectCheck = (value: JsonSchemaObject, ...rest: Rest) => boolean;
type Rest = Parameters<Check> extends [unknown, ...infer Others] ? Others : never;

/** `prefixItems`, `items`, `contains`, `minItems`, `maxItems`, `uniqueItems`. */
export const listKeywords: Keywords = (schema, compile) => {
  const checks: ListCheck[] = [
    ...length(schema, 'minItems', (items, limit) => items >= limit, 'at least', 'entries'),
    ...length(schema, 'maxItems', (items, limit) => items <= limit, 'at most', 'entries'),
    ...itemChecks(schema, compile),
    ...containsChecks(schema, compile),
  ];
  if (schema.uniqueItems === true) {
    checks.push((value, run, place) => {
      const texts = new Set(value.map((item) => canonicalText(item, run)));
      return texts.size === value.length || run.fail(place, 'expected no entry twice');
    });
  }
  return checks.map(
    (check): Check =>
      (value, ...rest) =>
        !Array.isArray(value) || check(value, ...rest),
  );
};

function length(
  schema: JsonSchemaObject,
  keyword: string,
  holds: (length: number, limit: number) => boolean,
  words: string,
  what: string,
): ListCheck[] {
  const limit = count(schema, keyword);
  if (limit === undefined) return [];
  const message = `expected ${words} ${limit} ${what}`;
  return [(value, run, place) => holds(value.length, limit) || run.fail(place, message)];
}

function itemChecks(schema: JsonSchemaObject, compile: Compile): ListCheck[] {
  const first = (schemasIn(schema.prefixItems) ?? []).map(compile);
  const rest = schemaIn(schema, 'items');
  const others = rest === undefined ? undefined : compile(rest);
  if (first.length === 0 && !others) return [];
  return [
    (value, run, place, seen) => {
      seen?.indexesBelow(others ? value.length : first.length);
      return all(value.entries(), ([index, item]) => {
        const check = first[index] ?? others;
        return check === undefined || inside(check, item, run, place, index);
      });
    },
  ];
}

function containsChecks(schema: JsonSchemaObject, compile: Compile): ListCheck[] {
  const wanted = schemaIn(schema, 'contains');
  if (wanted === undefined) return [];
  const check = compile(wanted);
  const [least, most] = [count(schema, 'minContains') ?? 1, count(schema, 'maxContains') ?? Number.POSITIVE_INFINITY];
  return [
    (value, run, place, seen) => {
      let found = 0;
      for (const [index, item] of value.entries()) {
        if (!run.silently(() => inside(check, item, run, place, index))) continue;
        seen?.index(index);
        found++;
      }
      return (
        (found >= least && found <= most) || run.fail(place, `has ${found} entries of the kind that it should contain`)
      );
    },
  ];
}

/** `properties`, `patternProperties`, `additionalProperties`, `required`, and the others about fields. */
export const objectKeywords: Keywords = (schema, compile) => {
  const checks: ObjectCheck[] = [
    ...fieldCount(schema, 'minProperties', (fields, limit) => fields >= limit, 'at least'),
    ...fieldCount(schema, 'maxProperties', (fields, limit) => fields <= limit, 'at most'),
    ...requiredChecks(schema),
    ...fieldChecks(schema, compile),
  ];
  const names = schemaIn(schema, 'propertyNames');
  if (names !== undefined) {
    const check = compile(names);
    checks.push((value, run, place) => all(fieldNames(value), (name) => inside(check, name, run, place, name)));
  }
  for (const [name, dependent] of schemasBy(schema, 'dependentSchemas')) {
    const check = compile(dependent);
    checks.push((value, run, place, seen) => !hasField(value, name) || check(value, run, place, seen));
  }
  return checks.map(
    (check): Check =>
      (value, ...rest) =>
        !isObject(value) || check(value, ...rest),
  );
};

/** What is not given may stand there as undefined: that is how callers leave a field away. */
function hasField(value: JsonSchemaObject, name: string): boolean {
  return Object.hasOwn(value, name) && value[name] !== undefined;
}

function fieldNames(value: JsonSchemaObject): string[] {
  return Object.keys(value).filter((name) => value[name] !== undefined);
}

function fieldCount(
  schema: JsonSchemaObject,
  keyword: string,
  holds: (fields: number, limit: number) => boolean,
  words: string,
): ObjectCheck[] {
  const limit = count(schema, keyword);
  if (limit === undefined) return [];
  const message = `expected ${words} ${limit} fields`;
  return [(value, run, place) => holds(fieldNames(value).length, limit) || run.fail(place, message)];
}

function requiredChecks(schema: JsonSchemaObject): ObjectCheck[] {
  const needed =
    (names: readonly string[]): ObjectCheck =>
    (value, run, outer) =>
      all(names, (key) => hasField(value, key) || run.fail({ key, outer }, 'is required'));
  const checks = [needed(namesIn(schema.required))];
  const dependent = isObject(schema.dependentRequired) ? Object.entries(schema.dependentRequired) : [];
  for (const [name, given] of dependent) {
    const check = needed(namesIn(given));
    checks.push((value, ...rest) => !hasField(value, name) || check(value, ...rest));
  }
  return checks;
}

function fieldChecks(schema: JsonSchemaObject, compile: Compile): ObjectCheck[] {
  const fields = new Map(Object.entries(fieldsOf(schema)).map(([name, field]) => [name, compile(field)]));
  const patterns = schemasBy(schema, 'patternProperties').map(
    ([pattern, given]) => [patternTest(pattern), compile(given)] as const,
  );
  const further = schemaIn(schema, 'additionalProperties');
  const others = further === undefined ? undefined : compile(further);
  if (fields.size === 0 && patterns.length === 0 && !others) return [];
  return [
    (value, run, place, seen) =>
      all(fieldNames(value), (name) => {
        const field = fields.get(name);
        const checks = [
          ...(field ? [field] : []),
          ...patterns.flatMap(([test, check]) => (test(name, run) ? [check] : [])),
        ];
        if (checks.length === 0 && others) checks.push(others);
        if (checks.length > 0) seen?.name(name);
        return all(checks, (check) => inside(check, value[name], run, place, name));
      }),
  ];
}
