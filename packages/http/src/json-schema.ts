/** Contracts whose schemas are JSON Schema. Apart from the main entry, since only they need it. */
export type { Separators } from './contract/list-separators.js';
export type { JsonSchema, JsonSchemaObject } from './evolution/json-schema.js';
export type { Definitions } from './json-schema/compiled-schemas.js';
export { type FieldsSchema, type JsonSchemas, jsonSchemas } from './json-schema/json-schemas.js';
