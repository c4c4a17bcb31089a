/** Standard Schemas out of JSON Schemas, for contracts: bodies as they are, and fields that are text on the wire. */
import { OptionsError, type StandardSchema } from '@fwk/kernel';
import { listSeparators, type Separators } from '../contract/list-separators.js';
import { isObject, type JsonSchema, type JsonSchemaObject } from '../evolution/json-schema.js';
import { fieldsOf } from '../evolution/schema-parts.js';
import type { Check } from './check.js';
import { CompiledSchemas, type Definitions, issuesOf, reachableFrom } from './compiled-schemas.js';
import { FieldReader } from './field-reader.js';
import { endlessNames, schemaFaults } from './schema-faults.js';

/** Makes schemas that share definitions. */
export interface JsonSchemas {
  /**
   * The schema of a body. It changes nothing: values are answered as they were given.
   * @typeParam Value - what the schema takes; not checked against it.
   * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for a schema that cannot be used; each fault is listed.
   */
  json<Value = unknown>(schema: JsonSchema): StandardSchema<Value>;
  /**
   * The schema of params, a query or headers: an object whose fields are text on the wire. Numbers, `true` and `false` are read from
   * their text where the schema of a field asks for them; one value is a list of one where it asks for a list.
   * @param separators - by name, what stands between the members of a list that is written as one text.
   * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
   */
  fields<Fields>(schema: JsonSchemaObject, separators?: Separators): FieldsSchema<Fields>;
}

/** A schema whose fields can be seen. */
export interface FieldsSchema<Fields> extends StandardSchema<Fields> {
  /** The schemas of the fields by their names. */
  readonly shape: Readonly<Record<string, JsonSchema>>;
}

/**
 * Makes schemas of JSON Schema, draft 2020-12, that validators of this framework and any other that knows Standard Schema take.
 * References must be `#/$defs/Name`. A `format` is not checked; patterns are, in linear time.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for definitions that cannot be used.
 * @example const { json } = jsonSchemas({ Pet: { type: 'object', properties: { name: { type: 'string' } } } });
 * post('/pets', { body: json<Pet>({ $ref: '#/$defs/Pet' }) })
 */
export function jsonSchemas(definitions: Definitions = {}): JsonSchemas {
  refuse([
    ...Object.entries(definitions).flatMap(([name, schema]) => schemaFaults(schema, definitions, `#/$defs/${name}`)),
    ...[...endlessNames(definitions)].map((name) => `#/$defs/${name} refers only to itself`),
  ]);
  const compiled = new CompiledSchemas(definitions);
  const checked = (schema: JsonSchema) => {
    refuse(schemaFaults(schema, definitions, '#'));
    return compiled.compile(schema);
  };
  return Object.freeze({
    json<Value>(schema: JsonSchema): StandardSchema<Value> {
      const check = checked(schema);
      return Object.freeze({ '~standard': standard<Value>(schema, definitions, check, (value) => value) });
    },
    fields<Fields>(schema: JsonSchemaObject, separators?: Separators): FieldsSchema<Fields> {
      const check = checked(schema);
      const reader = new FieldReader(schema, definitions, compiled, separators);
      return Object.freeze({
        shape: Object.freeze({ ...fieldsOf(schema) }),
        '~standard': standard<Fields>(schema, definitions, check, (value) => reader.read(value)),
        ...(separators && { [listSeparators]: separators }),
      });
    },
  });
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new OptionsError('jsonSchemas', faults);
}

type Standard<Value> = StandardSchema<Value>['~standard'];

function standard<Value>(
  schema: JsonSchema,
  definitions: Definitions,
  check: Check,
  read: (value: unknown) => unknown,
): Standard<Value> {
  const described = () => describedBy(schema, definitions);
  const made = {
    version: 1,
    vendor: 'fwk',
    validate: (given: unknown) => {
      const value = read(given);
      const issues = issuesOf(check, value);
      // What a value of the schema is in TypeScript is for its author to say.
      return issues.length > 0 ? { issues } : { value: value as Value };
    },
    // https://standardschema.dev/json-schema
    jsonSchema: { input: described, output: described },
  } as const;
  return made;
}

/** A schema that stands by itself. */
function describedBy(schema: JsonSchema, definitions: Definitions): JsonSchema {
  const needed = reachableFrom(schema, definitions);
  return isObject(schema) && Object.keys(needed).length > 0 ? { ...schema, $defs: needed } : schema;
}
