/**
 * Whether one JSON Schema takes every value that another takes. It never says yes where it cannot tell: a keyword that it does
 * not understand must be the same on both sides.
 *
 * One liberty is taken. An object schema that does not speak of further fields allows any, under any name. Nobody means
 * that, so a field that the narrower schema does not name is taken as absent, unless it says what further fields are like.
 */
import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonSchema, type JsonSchemaObject } from './json-schema.js';
import { numberReasons, only, type Reason, textReasons } from './ranges.js';
import {
  annotations,
  countOf,
  deepest,
  fieldsOf,
  isAnything,
  isSchema,
  joined,
  namesIn,
  resolved,
  schemasIn,
  typeOf,
  typesOf,
  valuesOf,
} from './schema-parts.js';

/**
 * Answers why the wider schema may refuse a value that the narrower one takes; nothing where it takes all of them.
 * @param limit - after so many reasons it looks for no more. @defaultValue 50
 */
export function acceptsAll(wider: JsonSchema, narrower: JsonSchema, limit = 50): readonly Reason[] {
  const found = new Comparison(wider, narrower, limit).compare(wider, narrower, '');
  return found.slice(0, limit);
}

/** Keywords that are compared below; every other one must be the same on both sides. */
const compared = new Set(
  [
    '$ref type enum const anyOf oneOf allOf properties required additionalProperties propertyNames minProperties',
    'maxProperties items prefixItems minItems maxItems uniqueItems minimum maximum exclusiveMinimum exclusiveMaximum',
    'multipleOf minLength maxLength pattern format',
  ].flatMap((line) => line.split(' ')),
);
/** Alternatives inside alternatives multiply; beyond this nobody waits for the answer. */
const mostComparisons = 5_000;

class Comparison {
  readonly #widerRoot: JsonSchema;
  readonly #narrowerRoot: JsonSchema;
  readonly #limit: number;
  #comparisons = 0;
  /** Pairs under comparison: where a schema holds itself, it is enough to look at it once. */
  readonly #open: (readonly [JsonSchema, JsonSchema])[] = [];

  constructor(widerRoot: JsonSchema, narrowerRoot: JsonSchema, limit: number) {
    this.#widerRoot = widerRoot;
    this.#narrowerRoot = narrowerRoot;
    this.#limit = limit;
  }

  compare(widerGiven: JsonSchema, narrowerGiven: JsonSchema, path: string): Reason[] {
    const wider = resolved(widerGiven, this.#widerRoot);
    const narrower = resolved(narrowerGiven, this.#narrowerRoot);
    if (wider === undefined || narrower === undefined)
      return [{ path, why: 'refers to a schema that cannot be found' }];
    if (isAnything(wider) || narrower === false) return [];
    if (wider === false) return [{ path, why: 'takes nothing' }];
    if (this.#open.some(([one, other]) => one === wider && other === narrower)) return [];
    if (this.#open.length >= deepest) return [{ path, why: `is nested deeper than ${deepest} schemas` }];
    if (++this.#comparisons > mostComparisons) return [{ path, why: `takes more than ${mostComparisons} comparisons` }];
    this.#open.push([wider, narrower]);
    try {
      return this.#compareOpen(wider as JsonSchemaObject, narrower === true ? {} : narrower, path);
    } finally {
      this.#open.pop();
    }
  }

  #compareOpen(wider: JsonSchemaObject, narrower: JsonSchemaObject, path: string): Reason[] {
    for (const keyword of ['anyOf', 'oneOf']) {
      // What one of several takes must be taken, together with what stands beside them.
      const members = schemasIn(narrower[keyword]);
      if (members) {
        const { [keyword]: _, ...beside } = narrower;
        return this.#all(
          members.map((member) => () => this.compare(wider, joined(beside, member, this.#narrowerRoot), path)),
        );
      }
    }
    const conjunction = schemasIn(narrower.allOf);
    if (conjunction) {
      const { allOf: _, ...beside } = narrower;
      const parts = [beside, ...conjunction];
      const attempts = parts.map((part) => this.compare(wider, part, path));
      return attempts.find((reasons) => reasons.length === 0) ?? (attempts[0] as Reason[]);
    }
    const inside = schemasIn(wider.allOf) ?? [];
    return [
      ...this.#all(inside.map((member) => () => this.compare(member, narrower, path))),
      ...this.#oneOfSeveral(wider, narrower, path),
      ...this.#keywords(wider, narrower, path),
    ];
  }

  /** The wider schema has several to choose from: one of them must take everything. */
  #oneOfSeveral(wider: JsonSchemaObject, narrower: JsonSchemaObject, path: string): Reason[] {
    for (const keyword of ['anyOf', 'oneOf'] as const) {
      const members = schemasIn(wider[keyword]);
      if (!members) continue;
      const attempts = members.map((member) => this.compare(member, narrower, path));
      const taking = attempts.findIndex((reasons) => reasons.length === 0);
      if (taking < 0) {
        const closest = attempts.reduce((least, each) => (each.length < least.length ? each : least));
        return members.length === 1 ? closest : [{ path, why: 'fits none of the alternatives' }];
      }
      if (keyword === 'anyOf') continue;
      // Exactly one may take it.
      const others = members.filter((_, at) => at !== taking);
      if (!others.every((other) => this.#isApart(other, narrower))) {
        return [{ path, why: 'may fit several of the alternatives, of which it must fit one' }];
      }
    }
    return [];
  }

  /** Whether a field that both must have is fixed to different values. */
  #isApart(given: JsonSchema, narrower: JsonSchemaObject): boolean {
    const other = resolved(given, this.#widerRoot);
    if (!isObject(other)) return other === false;
    if (typesOf(other).every((type) => !typesOf(narrower).includes(type))) return true;
    const theirs = fieldsOf(other);
    return Object.entries(fieldsOf(narrower)).some(([name, field]) => {
      if (!namesIn(other.required).includes(name) || !namesIn(narrower.required).includes(name)) return false;
      const one = valuesOf(resolved(field, this.#narrowerRoot));
      const two = valuesOf(resolved(theirs[name] ?? true, this.#widerRoot));
      return (
        one !== undefined &&
        two !== undefined &&
        !one.some((value) => two.some((each) => isDeepStrictEqual(each, value)))
      );
    });
  }

  #keywords(wider: JsonSchemaObject, narrower: JsonSchemaObject, path: string): Reason[] {
    const reasons: Reason[] = [];
    for (const [keyword, value] of Object.entries(wider)) {
      if (annotations.has(keyword) || compared.has(keyword) || isDeepStrictEqual(value, narrower[keyword])) continue;
      reasons.push({ path, why: `its "${keyword}" differs, which cannot be compared` });
    }
    const values = valuesOf(narrower);
    const allowed = valuesOf(wider);
    if (allowed) {
      const refused = values?.filter((value) => !allowed.some((each) => isDeepStrictEqual(each, value)));
      if (refused === undefined) reasons.push({ path, why: `takes only ${shown(allowed)}` });
      else if (refused.length > 0) reasons.push({ path, why: `does not take ${shown(refused)}` });
      return reasons;
    }
    if (values) return [...reasons, ...this.#eachValue(wider, values, path)];
    const types = typesOf(narrower);
    const taken = typesOf(wider);
    const missing = types.filter((type) => !takesType(taken, type));
    if (missing.length > 0)
      return [...reasons, { path, why: `takes ${taken.join(' or ')}, not ${missing.join(' or ')}` }];
    if (types.includes('integer') || types.includes('number')) reasons.push(...numberReasons(wider, narrower, path));
    if (types.includes('string')) reasons.push(...textReasons(wider, narrower, path));
    if (types.includes('array')) reasons.push(...this.#lists(wider, narrower, path));
    if (types.includes('object')) reasons.push(...this.#objects(wider, narrower, path));
    return reasons;
  }

  /** The narrower schema lists its values: each is looked at. */
  #eachValue(wider: JsonSchemaObject, values: readonly unknown[], path: string): Reason[] {
    const taken = typesOf(wider);
    return this.#all(
      values.map((value) => () => {
        const type = typeOf(value);
        if (!takesType(taken, type)) return [{ path, why: `takes ${taken.join(' or ')}, not ${shown([value])}` }];
        if (typeof value === 'number') return numberReasons(wider, only(value), path);
        if (typeof value === 'string') {
          const length = [...value].length;
          return textReasons(wider, { minLength: length, maxLength: length }, path);
        }
        if (Array.isArray(value)) {
          const items = {
            minItems: value.length,
            maxItems: value.length,
            prefixItems: value.map(constant),
            items: false,
          };
          return this.#lists(wider, items, path);
        }
        if (!isObject(value)) return [];
        const properties = Object.fromEntries(Object.entries(value).map(([name, field]) => [name, constant(field)]));
        return this.#objects(wider, { properties, required: Object.keys(value), additionalProperties: false }, path);
      }),
    );
  }

  #lists(wider: JsonSchemaObject, narrower: JsonSchemaObject, path: string): Reason[] {
    const reasons: Reason[] = [];
    const [least, most] = [countOf(narrower.minItems, 0), countOf(narrower.maxItems, Number.POSITIVE_INFINITY)];
    if (least < countOf(wider.minItems, 0)) reasons.push({ path, why: `needs at least ${wider.minItems} entries` });
    if (most > countOf(wider.maxItems, Number.POSITIVE_INFINITY)) {
      reasons.push({ path, why: `takes at most ${wider.maxItems} entries` });
    }
    if (wider.uniqueItems === true && narrower.uniqueItems !== true && most > 1) {
      reasons.push({ path, why: 'takes no entry twice' });
    }
    const [firstOfWider, firstOfNarrower] = [schemasIn(wider.prefixItems) ?? [], schemasIn(narrower.prefixItems) ?? []];
    const entry = (first: readonly JsonSchema[], rest: unknown, at: number): JsonSchema =>
      first[at] ?? (isSchema(rest) ? rest : true);
    const positions = Math.max(firstOfWider.length, firstOfNarrower.length);
    const comparisons = Array.from({ length: positions + 1 }, (_, at) => () => {
      if (at >= most) return [];
      const place = `${path}/${at < positions ? at : '*'}`;
      return this.compare(entry(firstOfWider, wider.items, at), entry(firstOfNarrower, narrower.items, at), place);
    });
    return [...reasons, ...this.#all(comparisons)];
  }

  #objects(wider: JsonSchemaObject, narrower: JsonSchemaObject, path: string): Reason[] {
    const reasons: Reason[] = [];
    const [theirs, ours] = [fieldsOf(wider), fieldsOf(narrower)];
    const needed = namesIn(narrower.required);
    for (const name of namesIn(wider.required)) {
      if (!needed.includes(name)) reasons.push({ path: `${path}/${name}`, why: 'is required' });
    }
    if (countOf(narrower.minProperties, needed.length) < countOf(wider.minProperties, 0)) {
      reasons.push({ path, why: `needs at least ${wider.minProperties} fields` });
    }
    const further = narrower.additionalProperties;
    const isOpen = isSchema(further) && further !== false;
    const most = countOf(narrower.maxProperties, isOpen ? Number.POSITIVE_INFINITY : Object.keys(ours).length);
    if (most > countOf(wider.maxProperties, Number.POSITIVE_INFINITY)) {
      reasons.push({ path, why: `takes at most ${wider.maxProperties} fields` });
    }
    const others = isSchema(wider.additionalProperties) ? wider.additionalProperties : true;
    const comparisons = Object.entries(ours).map(([name, field]) => () => {
      const place = `${path}/${name}`;
      if (others === false && !Object.hasOwn(theirs, name))
        return [{ path: place, why: 'is a field that it does not take' }];
      return this.compare(Object.hasOwn(theirs, name) ? (theirs[name] as JsonSchema) : others, field, place);
    });
    if (isOpen) {
      for (const [name, field] of Object.entries(theirs)) {
        if (!Object.hasOwn(ours, name)) comparisons.push(() => this.compare(field, further, `${path}/${name}`));
      }
      comparisons.push(() => this.compare(others, further, `${path}/*`));
      const names = (schema: JsonSchemaObject) => (isSchema(schema.propertyNames) ? schema.propertyNames : true);
      comparisons.push(() => this.compare(names(wider), joined({ type: 'string' }, names(narrower)), `${path}/*`));
    } else if (isSchema(wider.propertyNames)) {
      for (const name of Object.keys(ours))
        comparisons.push(() => this.compare(wider.propertyNames as JsonSchema, constant(name), path));
    }
    return [...reasons, ...this.#all(comparisons)];
  }

  /** The reasons of all, until there are enough. */
  #all(comparisons: readonly (() => Reason[])[]): Reason[] {
    const reasons: Reason[] = [];
    for (const comparison of comparisons) {
      if (reasons.length >= this.#limit) break;
      reasons.push(...comparison());
    }
    return reasons;
  }
}

function takesType(taken: readonly string[], type: string): boolean {
  return taken.includes(type) || (type === 'integer' && taken.includes('number'));
}

function constant(value: unknown): JsonSchemaObject {
  return { const: value };
}

function shown(values: readonly unknown[]): string {
  const texts = values.slice(0, 5).map((value) => JSON.stringify(value));
  return `${texts.join(', ')}${values.length > 5 ? ` and ${values.length - 5} more` : ''}`;
}
