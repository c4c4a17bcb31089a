/**
 * Names the schemas that others refer to, and takes away the operations that need one which cannot be used. What is the same for
 * requests and answers has one name; otherwise that of requests ends in `Input`.
 */
import { isObject, type JsonSchema } from '../evolution/json-schema.js';
import { type Definitions, definitionName } from '../json-schema/compiled-schemas.js';
import { endlessNames } from '../json-schema/schema-faults.js';
import { pascalCase, UniqueNames } from './import-names.js';
import type { ImportedOperation } from './imported-api.js';
import { type ReadDefinition, referredKeys } from './schema-reader.js';

/** See the head of this file. */
export class DefinitionNames {
  readonly #read: ReadonlyMap<string, ReadDefinition>;
  /** By key, the definitions that refer to it. */
  readonly #users = new Map<string, string[]>();

  constructor(read: ReadonlyMap<string, ReadDefinition>) {
    this.#read = read;
    for (const [key, { schema }] of read) {
      for (const referred of new Set(referredKeys(schema))) {
        const users = this.#users.get(referred) ?? [];
        this.#users.set(referred, users);
        users.push(key);
      }
    }
  }

  /** Answers the operations that are left, and what their schemas refer to. */
  finish(
    operations: readonly ImportedOperation[],
    leaveOut: (place: string, why: string) => void,
  ): { readonly operations: readonly ImportedOperation[]; readonly definitions: Definitions } {
    const faults = this.#faults();
    const kept = operations.filter((operation) => {
      const bad = referredKeys(operation).find((key) => faults.has(key));
      if (bad !== undefined) leaveOut(operation.place, `is left out: ${faults.get(bad)}`);
      return bad === undefined;
    });
    const names = this.#names(this.#reached(kept));
    const definitions = [...names].map(
      ([key, name]) => [name, renamed(this.#read.get(key)?.schema ?? true, names)] as const,
    );
    return {
      operations: kept.map((operation) => renamed(operation, names)),
      definitions: Object.fromEntries(definitions) as Record<string, JsonSchema>,
    };
  }

  /** By key, why a definition cannot be used; also those that refer to one of these. */
  #faults(): ReadonlyMap<string, string> {
    const schemas = Object.fromEntries([...this.#read].map(([key, { schema }]) => [key, schema]));
    const faults = new Map(
      [...endlessNames(schemas)].map((key) => [key, `${this.#read.get(key)?.place} refers only to itself`]),
    );
    for (const [key, { fault }] of this.#read) if (fault) faults.set(key, `${fault.place} ${fault.message}`);
    for (const [key, why] of this.#spread(faults.keys(), (from) => faults.get(from)))
      if (!faults.has(key)) faults.set(key, why);
    return faults;
  }

  /** What some keys have, with all that refer to them. */
  #spread<Value>(keys: Iterable<string>, valueBy: (key: string) => Value | undefined): ReadonlyMap<string, Value> {
    const found = new Map<string, Value>();
    const waiting = [...keys].flatMap((key) => {
      const value = valueBy(key);
      return value === undefined ? [] : [{ key, value }];
    });
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      if (found.has(next.key)) continue;
      found.set(next.key, next.value);
      for (const key of this.#users.get(next.key) ?? []) waiting.push({ key, value: next.value });
    }
    return found;
  }

  /** The keys that operations need, in the order in which they are met. */
  #reached(operations: readonly ImportedOperation[]): ReadonlySet<string> {
    const reached = new Set(operations.flatMap(referredKeys));
    // What is added on the way is visited too.
    for (const key of reached) for (const referred of referredKeys(this.#read.get(key)?.schema)) reached.add(referred);
    return reached;
  }

  /** By key. Keys of both sides share a name where their schemas are the same. */
  #names(keys: ReadonlySet<string>): ReadonlyMap<string, string> {
    const differing = new Set<string>();
    const own = [...this.#read].flatMap(([key, { differs }]) => (differs ? [key] : []));
    for (const [key] of this.#spread(own, () => true)) differing.add(this.#read.get(key)?.place ?? '');
    const unique = new UniqueNames();
    const byPlace = new Map<string, string>();
    const names = [...keys].map((key) => {
      const { place = '', side } = this.#read.get(key) ?? {};
      const isInput = differing.has(place) && side === 'request';
      const known = isInput ? `${place} of requests` : place;
      const name = byPlace.get(known) ?? unique.give(`${nameOf(place)}${isInput ? 'Input' : ''}`);
      byPlace.set(known, name);
      return [key, name] as const;
    });
    return new Map(names.sort(([, one], [, other]) => (one < other ? -1 : 1)));
  }
}

/** `#/components/schemas/pet-list` is `PetList`; of other places the last steps are taken. */
function nameOf(place: string): string {
  const steps = place
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const named = Math.max(steps.lastIndexOf('schemas'), steps.lastIndexOf('$defs'));
  const own = named >= 0 ? steps.slice(named + 1) : steps.slice(-2);
  const name = pascalCase(own.join(' '));
  return /^[A-Z]/.test(name) ? name : `Schema${name}`;
}

/** The same value with references by name. */
function renamed<Value>(value: Value, names: ReadonlyMap<string, string>): Value {
  const moved = (at: unknown): unknown => {
    if (Array.isArray(at)) return at.map(moved);
    if (!isObject(at)) return at;
    return Object.fromEntries(
      Object.entries(at).map(([key, inner]) => {
        const name = key === '$ref' ? names.get(definitionName(inner) ?? '') : undefined;
        return [key, name === undefined ? moved(inner) : `#/$defs/${name}`];
      }),
    );
  };
  return moved(value) as Value;
}
