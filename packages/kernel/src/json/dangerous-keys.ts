/**
 * The keys by which data from outside can change how objects work. They are ordinary members of what `JSON.parse` answers,
 * but code that copies such data field by field (`target[key] = value`) sets the prototype of its own objects, or of all.
 * They are refused wherever data comes in, and the error says where in the data the key stands.
 */
import { FwkError } from '../errors/fwk-error.js';

/** Longest path in a message, in characters. */
const MAX_SHOWN = 200;

/** Data from outside has a key by which it could change how objects work. Code `FWK_KERNEL_KEY_REFUSED`. */
export class KeyRefusedError extends FwkError {
  /** Where the key stands: names and indexes from the root, with dots between. Only its end when it is very long. */
  readonly path: string;

  constructor(path: string) {
    const shown = path.length > MAX_SHOWN ? `…${path.slice(-MAX_SHOWN)}` : path;
    super('FWK_KERNEL_KEY_REFUSED', `the key ${JSON.stringify(shown)} is not allowed; choose another name`, {
      details: { path: shown },
    });
    this.path = shown;
  }
}

/**
 * True for `__proto__`, and for `prototype` directly inside `constructor`.
 * @param holder - the key of the object that has this key; none for an object in a list and for the root.
 */
export function isDangerousKey(key: string, holder?: string): boolean {
  return key === '__proto__' || (key === 'prototype' && holder === 'constructor');
}

/**
 * Refuses parsed data that has a dangerous key at any depth. The data must not contain itself.
 * @throws KeyRefusedError `FWK_KERNEL_KEY_REFUSED` with the path of the first such key.
 */
export function refuseDangerousKeys(data: unknown): void {
  if (!isContainer(data)) return;
  // A list of places and not a recursion: data may be nested deeper than the stack is.
  const places: Place[] = [{ held: data, key: undefined, outer: undefined }];
  for (let place = places.pop(); place; place = places.pop()) {
    const inside = Array.isArray(place.held) ? itemsOf(place) : membersOf(place);
    // The last one is looked at first.
    for (let at = inside.length - 1; at >= 0; at--) places.push(inside[at] as Place);
  }
}

/** One object or list of the data. */
interface Place {
  readonly held: object;
  /** Its key in the object that it stands in, or its index in the list; none for the root. */
  readonly key: string | number | undefined;
  readonly outer: Place | undefined;
}

function itemsOf(outer: Place): Place[] {
  const inside: Place[] = [];
  (outer.held as readonly unknown[]).forEach((held, key) => {
    if (isContainer(held)) inside.push({ held, key, outer });
  });
  return inside;
}

function membersOf(outer: Place): Place[] {
  const inside: Place[] = [];
  const holder = typeof outer.key === 'string' ? outer.key : undefined;
  for (const key of Object.keys(outer.held)) {
    if (isDangerousKey(key, holder)) throw new KeyRefusedError(pathOf(outer, key));
    // Only own members are listed, so this reads no getter of a prototype.
    const held: unknown = Reflect.get(outer.held, key);
    if (isContainer(held)) inside.push({ held, key, outer });
  }
  return inside;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function pathOf(holder: Place, key: string): string {
  const keys: (string | number)[] = [key];
  for (let place: Place | undefined = holder; place?.key !== undefined; place = place.outer) keys.push(place.key);
  return keys.reverse().join('.');
}
