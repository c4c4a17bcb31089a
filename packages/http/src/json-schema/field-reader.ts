/** Reads fields that are text on the wire: the values that their schemas mean. */
import type { Separators } from '../contract/list-separators.js';
import { isObject, type JsonSchema, type JsonSchemaObject } from '../evolution/json-schema.js';
import { fieldsOf } from '../evolution/schema-parts.js';
import type { Check } from './check.js';
import { type CompiledSchemas, type Definitions, issuesOf } from './compiled-schemas.js';
import { typesIn } from './field-types.js';

interface Field {
  readonly types: ReadonlySet<string>;
  readonly check: Check;
  /** Of a list. */
  readonly item: Field | undefined;
}

/** JSON's own form of a number. */
const numberForm = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** A text that is longer is no number. */
const longestNumber = 400;

/** See the head of this file. */
export class FieldReader {
  readonly #fields = new Map<string, Field>();
  readonly #definitions: Definitions;
  readonly #separators: Separators;

  constructor(
    schema: JsonSchemaObject,
    definitions: Definitions,
    compiled: CompiledSchemas,
    separators: Separators = {},
  ) {
    this.#definitions = definitions;
    this.#separators = separators;
    for (const [name, field] of Object.entries(fieldsOf(schema))) this.#fields.set(name, this.#field(field, compiled));
  }

  /** Answers what the schema is to look at; other values than objects as they are. */
  read(given: unknown): unknown {
    if (!isObject(given)) return given;
    const entries = Object.entries(given).map(([name, value]) => {
      const field = this.#fields.get(name);
      return [name, field ? meantBy(field, value, this.#separatorOf(name)) : value];
    });
    return Object.fromEntries(entries);
  }

  #separatorOf(name: string): string | undefined {
    return Object.hasOwn(this.#separators, name) ? this.#separators[name] : undefined;
  }

  #field(schema: JsonSchema, compiled: CompiledSchemas, isItem = false): Field {
    const { types, items } = typesIn(schema, (name) =>
      Object.hasOwn(this.#definitions, name) ? this.#definitions[name] : undefined,
    );
    return {
      types,
      check: compiled.compile(schema),
      item: isItem ? undefined : this.#field(items ?? true, compiled, true),
    };
  }
}

function meantBy(field: Field, given: unknown, separator: string | undefined): unknown {
  const { types, item } = field;
  if (types.has('array') && item) {
    const isText = typeof given === 'string';
    if (Array.isArray(given) || !types.has('string')) {
      const members = isText ? splitBy(given, separator) : given;
      return Array.isArray(members) ? members.map((member) => meantBy(item, member, undefined)) : members;
    }
  }
  if (typeof given !== 'string') return given;
  const candidates = [...readAs(types, given), given];
  if (types.size === 1 || candidates.length === 1) return candidates[0];
  return candidates.find((candidate) => issuesOf(field.check, candidate).length === 0) ?? candidates[0];
}

function splitBy(text: string, separator: string | undefined): readonly string[] {
  if (separator === undefined) return [text];
  return text === '' ? [] : text.split(separator);
}

/** What a text may mean beside itself. */
function* readAs(types: ReadonlySet<string>, text: string): Generator<unknown> {
  const isNumber = types.has('number') || types.has('integer');
  const number = text.length <= longestNumber && numberForm.test(text) ? Number(text) : Number.NaN;
  if (isNumber && Number.isFinite(number)) yield number;
  if (types.has('boolean') && (text === 'true' || text === 'false')) yield text === 'true';
  if (types.has('null') && (text === 'null' || text === '')) yield null;
}
