/** The TypeScript type of a JSON Schema, as text. */
import { isObject, type JsonSchema, type JsonSchemaObject } from '../evolution/json-schema.js';
import { fieldsOf, isSchema, namesIn, schemasIn, valuesOf } from '../evolution/schema-parts.js';
import { definitionName } from '../json-schema/compiled-schemas.js';

/** A type as it is written, and how tightly its parts hold together. */
interface Written {
  readonly text: string;
  readonly holds: Tightness;
}

/** Names, literals and what stands in braces; lists; `A & B`; `A | B`. */
type Tightness = 'single' | 'list' | 'both' | 'either';

const order: readonly Tightness[] = ['single', 'list', 'both', 'either'];
const identifier = /^[A-Za-z_$][A-Za-z0-9_$]*$/;
/** An object that takes more characters is written in several lines. */
const widest = 100;

/** A name as the key of an object. */
export function keyText(name: string): string {
  return identifier.test(name) ? name : JSON.stringify(name);
}

/**
 * Writes the type.
 * @param indent - of the line in which it begins.
 */
export function typeText(schema: JsonSchema, indent = ''): string {
  return written(schema, indent).text;
}

function written(schema: JsonSchema, indent: string): Written {
  if (schema === false) return single('never');
  if (schema === true) return single('unknown');
  const { allOf, anyOf, oneOf, ...own } = schema;
  const parts = [ownType(own, indent), ...(schemasIn(allOf) ?? []).map((each) => written(each, indent))];
  for (const alternatives of [schemasIn(anyOf), schemasIn(oneOf)]) {
    if (alternatives) parts.push(either(alternatives.map((each) => written(each, indent))));
  }
  return both(parts);
}

function single(text: string): Written {
  return { text, holds: 'single' };
}

/** In brackets where its parts hold together less than its place needs. */
function within({ text, holds }: Written, loosest: Tightness): string {
  return order.indexOf(holds) > order.indexOf(loosest) ? `(${text})` : text;
}

function both(parts: readonly Written[]): Written {
  const different = new Map(parts.map((part) => [part.text, part]));
  different.delete('unknown');
  const [only, ...others] = different.values();
  if (only === undefined) return single('unknown');
  if (others.length === 0) return only;
  return { text: [only, ...others].map((part) => within(part, 'single')).join(' & '), holds: 'both' };
}

function either(parts: readonly Written[]): Written {
  const different = new Map(parts.map((part) => [part.text, part]));
  if (different.has('unknown')) return single('unknown');
  different.delete('never');
  const [only, ...others] = different.values();
  if (only === undefined) return single('never');
  if (others.length === 0) return only;
  const texts = [only, ...others].map((part) => (part.holds === 'either' ? part.text : within(part, 'list')));
  return { text: texts.join(' | '), holds: 'either' };
}

/** Of the keywords that stand beside `allOf` and the like. */
function ownType(schema: JsonSchemaObject, indent: string): Written {
  const name = definitionName(schema.$ref);
  if (name !== undefined) return single(name);
  const values = valuesOf(schema);
  if (values) return either(values.map((value) => single(valueType(value))));
  const types = typeof schema.type === 'string' ? [schema.type] : namesIn(schema.type);
  return types.length === 0 ? single('unknown') : either(types.map((type) => typeOfKind(type, schema, indent)));
}

function valueType(value: unknown): string {
  if (typeof value === 'string') return textType(value);
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return JSON.stringify(value);
  if (Array.isArray(value)) return `readonly [${value.map(valueType).join(', ')}]`;
  if (!isObject(value)) return 'unknown';
  const fields = Object.entries(value).map(([name, field]) => `readonly ${keyText(name)}: ${valueType(field)}`);
  return fields.length === 0 ? '{ readonly [name: string]: never }' : `{ ${fields.join('; ')} }`;
}

function textType(text: string): string {
  const json = JSON.stringify(text);
  return /^"[^"'\\]*"$/.test(json) ? `'${json.slice(1, -1)}'` : json;
}

function typeOfKind(type: string, schema: JsonSchemaObject, indent: string): Written {
  if (type === 'integer' || type === 'number') return single('number');
  if (type === 'array') return { text: listType(schema, indent), holds: 'list' };
  return single(type === 'object' ? objectType(schema, indent) : type);
}

function listType(schema: JsonSchemaObject, indent: string): string {
  const first = schemasIn(schema.prefixItems) ?? [];
  const rest = isSchema(schema.items) ? written(schema.items, indent) : single('unknown');
  const others = rest.text === 'never' ? undefined : `${within(rest, 'single')}[]`;
  if (first.length === 0) return others === undefined ? 'readonly []' : `readonly ${others}`;
  const least = typeof schema.minItems === 'number' ? schema.minItems : 0;
  const members = first.map((each, at) => {
    const member = written(each, indent);
    return at < least ? member.text : `${within(member, 'single')}?`;
  });
  return `readonly [${[...members, ...(others === undefined ? [] : [`...${others}`])].join(', ')}]`;
}

function objectType(schema: JsonSchemaObject, indent: string): string {
  const inner = `${indent}  `;
  const required = new Set(namesIn(schema.required));
  const fields = fieldsOf(schema);
  const names = [...new Set([...Object.keys(fields), ...required])];
  const lines = names.map((name) => {
    const type = written((Object.hasOwn(fields, name) ? fields[name] : undefined) ?? true, inner);
    if (required.has(name)) return `readonly ${keyText(name)}: ${type.text}`;
    return `readonly ${keyText(name)}?: ${either([type, single('undefined')]).text}`;
  });
  const further = furtherType(schema, lines.length > 0, inner);
  if (further !== undefined) lines.push(`readonly [name: string]: ${further}`);
  const line = `{ ${lines.join('; ')} }`;
  if (line.length <= widest && !line.includes('\n')) return line;
  return `{\n${lines.map((each) => `${inner}${each};`).join('\n')}\n${indent}}`;
}

/** The type of fields that are not named. Beside those that are, it would have to be theirs too. */
function furtherType(schema: JsonSchemaObject, hasFields: boolean, indent: string): string | undefined {
  const { additionalProperties: further, patternProperties: patterns } = schema;
  const schemas = isObject(patterns) ? Object.values(patterns).filter(isSchema) : [];
  if (hasFields) return isObject(further) || further === true ? 'unknown' : undefined;
  if (further === false && schemas.length === 0) return 'never';
  const others = further === false ? [] : [isSchema(further) ? further : true];
  return either([...others, ...schemas].map((each) => written(each, indent))).text;
}
