/** The names of policies that methods take, by method. */
export const policyNames = new WeakMap<object, string>();

/** What nobody can look up from outside: names that private methods take, by key, on the prototypes of their instances. */
const privateNames = new WeakMap<object, Map<string, string>>();

/** Notes the name that a private method of an instance takes. */
export function notePrivateName(instance: object, key: string, name: string): void {
  const at: object = Object.getPrototypeOf(instance);
  const known = privateNames.get(at);
  if (known) known.set(key, name);
  else privateNames.set(at, new Map([[key, name]]));
}

/** Names that methods of these instances take and nobody defined, each with the places where it is written. */
export function unknownNames(instances: Iterable<object>, known: readonly string[]): ReadonlyMap<string, string[]> {
  const places = new Map<string, string[]>();
  const seen = new Set<object>();
  for (const instance of instances) {
    for (let at: object | null = instance; at && !seen.has(at); at = Object.getPrototypeOf(at)) {
      seen.add(at);
      for (const [key, name] of [...namesOn(at), ...(privateNames.get(at) ?? [])]) {
        if (known.includes(name)) continue;
        places.set(name, [...(places.get(name) ?? []), `@Policy on ${at.constructor.name}.${String(key)}`]);
      }
    }
  }
  return places;
}

function* namesOn(at: object): Iterable<readonly [key: string | symbol, name: string]> {
  for (const key of Reflect.ownKeys(at)) {
    const method: unknown = Reflect.getOwnPropertyDescriptor(at, key)?.value;
    const name = typeof method === 'function' ? policyNames.get(method) : undefined;
    if (name !== undefined) yield [key, name];
  }
}
