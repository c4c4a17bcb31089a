import { parsePath } from '../tree/path.js';
import { valueAt } from '../tree/tree.js';
import type { FlagAttributes } from './flag-context.js';
import { targetingKey } from './flag-definition.js';

/** Reads one attribute of a context; never what every object inherits, such as `constructor`. */
export type AttributeReader = (key: string | undefined, attributes: FlagAttributes) => unknown;

/** Makes the reader of an attribute; `targetingKey` is the key of the context. */
export function attributeReader(path: string): AttributeReader {
  if (path === targetingKey) return (key) => key;
  const parts = parsePath(path);
  const [name = ''] = parts;
  // A plain read costs a third of a look at what is its own.
  if (parts.length === 1 && !(name in Object.prototype)) return (_, attributes) => attributes[name];
  return (_, attributes) => valueAt(attributes, parts);
}
