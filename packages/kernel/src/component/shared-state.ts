/**
 * State that all copies of a package in a process share, under one name. Package managers install a package more than
 * once, and what one copy remembers of a class or an object the other must find. Only plain maps belong here: copies may be
 * of different versions.
 */
export function sharedState<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`@fwk/${name}`);
  const known = Reflect.get(globalThis, key) as T | undefined;
  if (known) return known;
  const made = make();
  Object.defineProperty(globalThis, key, { value: made });
  return made;
}
