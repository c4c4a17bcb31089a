/**
 * Lists in a query that other servers take as one text: `?ids=1,2`. A schema that carries separators says so; it reads the text as a
 * list itself, and clients write it so.
 */
import type { StandardSchema } from '@fwk/kernel';

/** By name of a field, what stands between the members of its list. */
export type Separators = Readonly<Record<string, string>>;

/** Carries the separators of a schema; registered, so that copies of this package know each other's. */
export const listSeparators = Symbol.for('@fwk/http/list-separators');

/** Those of a schema; undefined for one whose lists are repeated names. */
export function separatorsOf(schema: StandardSchema | undefined): Separators | undefined {
  const found: unknown = schema && Reflect.get(schema, listSeparators);
  return isSeparators(found) ? found : undefined;
}

function isSeparators(value: unknown): value is Separators {
  return typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string');
}
