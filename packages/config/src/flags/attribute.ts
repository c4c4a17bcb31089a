import { parsePath } from '../tree/path.js';
import { valueAt } from '../tree/tree.js';
import type { FlagAttributes } from './flag-context.js';
import { targetingKey } from './flag-definition.js';

/** Reads one attribute of a context. Only what the attributes themselves have, never what objects inherit. */
export type AttributeReader = (key: string | undefined, attributes: FlagAttributes) => unknown;

/** Makes the reader of an attribute; `targetingKey` is the key of the context. */
export function attributeReader(path: string): AttributeReader {
  if (path === targetingKey) return (key) => key;
  const parts = parsePath(path);
  const [name = ''] = parts;
  if (parts.length === 1) {
    return (_, attributes) => (Object.hasOwn(attributes, name) ? attributes[name] : undefined);
  }
  return (_, attributes) => valueAt(attributes, parts);
}
