/** What a schema is compiled into: functions that look at a value. */
import type { JsonSchema, JsonSchemaObject } from '../evolution/json-schema.js';
import type { Evaluated } from './evaluated.js';
import type { Place, Run } from './run.js';

/**
 * Looks at a value.
 * @param place - where it stands.
 * @param seen - told which members were looked at; none where nobody asks.
 */
export type Check = (value: unknown, run: Run, place: Place | undefined, seen: Evaluated | undefined) => boolean;

/** Makes the check of a schema that stands inside another. */
export type Compile = (schema: JsonSchema) => Check;

/** Makes the checks that the keywords of one kind ask for; none where the schema has none of them. */
export type Keywords = (schema: JsonSchemaObject, compile: Compile) => readonly Check[];
