/** The part of `Reflect` that metadata polyfills add. */
interface MetadataReflect {
  readonly getOwnMetadataKeys?: (target: object) => readonly unknown[];
  readonly getOwnMetadata?: (key: unknown, target: object) => unknown;
  readonly defineMetadata?: (key: unknown, value: unknown, target: object) => void;
}

/** Belongs to each function itself, and cannot be set again. */
const ownOfEach: readonly (string | symbol)[] = Object.freeze(['prototype', 'caller', 'arguments']);

/**
 * Makes a function look like the one in whose place it stands: its name, its length, its own properties, and its metadata
 * where `Reflect` has any. Frameworks keep there what their decorators said of a method (Nest its routes), so a decorator
 * that replaces a function must take it along.
 * @returns the replacement.
 */
export function standInFor<F extends object>(original: object, replacement: F): F {
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(original, key);
    if (descriptor && !ownOfEach.includes(key)) Reflect.defineProperty(replacement, key, descriptor);
  }
  const { getOwnMetadataKeys, getOwnMetadata, defineMetadata }: MetadataReflect = Reflect as object;
  if (!getOwnMetadataKeys || !getOwnMetadata || !defineMetadata) return replacement;
  for (const key of getOwnMetadataKeys(original)) defineMetadata(key, getOwnMetadata(key, original), replacement);
  return replacement;
}
