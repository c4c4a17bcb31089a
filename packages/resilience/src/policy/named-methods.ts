/** The names of policies that methods take, by method. */
export const policyNames = new WeakMap<object, string>();

/** Names that methods of these instances take and nobody defined, each with the places where it is written. */
export function unknownNames(instances: Iterable<object>, known: readonly string[]): ReadonlyMap<string, string[]> {
  const places = new Map<string, string[]>();
  const seen = new Set<object>();
  for (const instance of instances) {
    for (let at: object | null = instance; at && !seen.has(at); at = Object.getPrototypeOf(at)) {
      seen.add(at);
      for (const key of Reflect.ownKeys(at)) {
        const method: unknown = Reflect.getOwnPropertyDescriptor(at, key)?.value;
        const name = typeof method === 'function' ? policyNames.get(method) : undefined;
        if (name === undefined || known.includes(name)) continue;
        places.set(name, [...(places.get(name) ?? []), `@Policy on ${at.constructor.name}.${String(key)}`]);
      }
    }
  }
  return places;
}
