import type { StandardSchema } from '@fwk/kernel';

/**
 * The fields of an object schema, where its library lets them be seen: `shape` in zod, `entries` in valibot, `props` in
 * arktype; undefined elsewhere.
 */
export function schemaFields(schema: StandardSchema): readonly string[] | undefined {
  const fields = memberOf(schema, 'shape') ?? memberOf(schema, 'entries');
  if (typeof fields === 'object' && fields !== null) return Object.keys(fields);
  const props = memberOf(schema, 'props');
  // An empty list stands there also for an object of any fields.
  if (!Array.isArray(props) || props.length === 0) return undefined;
  const keys = props.map((prop) => memberOf(prop, 'key'));
  return keys.every((key) => typeof key === 'string') ? keys : undefined;
}

/** Arktype throws where a schema has no such member. */
function memberOf(value: object, name: string): unknown {
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}
