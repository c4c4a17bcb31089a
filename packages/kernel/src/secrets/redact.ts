/**
 * A plain copy of anything, to be written where people or other programs read it: secrets are masked by name and by
 * form, and nothing that is read can throw, run in circles or cost without bound. Errors become their facts.
 */
import { maskText } from './mask-text.js';
import { isSecretName, mask } from './secret-name.js';

/** What a copy may have at most; what is beyond is left out and said so. */
export interface RedactLimits {
  /** Levels below the value. @defaultValue 8 */
  readonly maxDepth: number;
  /** Values in all. @defaultValue 1000 */
  readonly maxValues: number;
  /** Characters of one text. @defaultValue 8192 */
  readonly maxTextLength: number;
  /** Characters of all texts and names together. @defaultValue 65536 */
  readonly maxTotalLength: number;
}

/** Defaults of {@link RedactLimits}. */
export const redactDefaults: Readonly<RedactLimits> = Object.freeze({
  maxDepth: 8,
  maxValues: 1000,
  maxTextLength: 8192,
  maxTotalLength: 65_536,
});

/**
 * Copies a value without its secrets. Never throws.
 * @param name - the name that the value has, by which it may be a secret.
 * @returns text, numbers, booleans, null, lists and plain objects; undefined for what JSON has no form for.
 */
export function redact(value: unknown, name = '', limits: RedactLimits = redactDefaults): unknown {
  return new Redaction(limits).copy(value, name, 0);
}

/** The same for a text. */
export function redactText(text: string, maxLength = redactDefaults.maxTextLength): string {
  if (text.length <= maxLength) return maskText(text);
  return `${maxLength > 0 ? maskedStart(text, maxLength) : ''}… (${text.length} characters)`;
}

/** How much more is read than is shown, in characters, so that a secret is known whose end is not shown any more. */
const readAhead = 2048;

/** Of what was read, so much at its end may be the first half of something, which nobody can tell from other text. */
const unsure = 512;

/** The beginning of a text, masked before it is cut. */
function maskedStart(text: string, maxLength: number): string {
  const read = text.slice(0, maxLength + readAhead);
  const masked = maskText(read);
  const whole = read.length === text.length || masked.endsWith(mask);
  return masked.slice(0, whole ? maxLength : Math.max(0, Math.min(maxLength, masked.length - unsure)));
}

const broken = '[unreadable]';
const tooDeep = '[too deep]';
const tooMany = '[too much]';

class Redaction {
  readonly #limits: RedactLimits;
  readonly #above: object[] = [];
  #left: number;
  #lengthLeft: number;

  constructor(limits: RedactLimits) {
    this.#limits = limits;
    this.#left = limits.maxValues;
    this.#lengthLeft = limits.maxTotalLength;
  }

  copy(value: unknown, name: string, depth: number): unknown {
    if (this.#left-- <= 0) return tooMany;
    switch (typeof value) {
      case 'string':
        if (value !== '' && isSecretName(name, value)) return mask;
        return this.#text(value, this.#limits.maxTextLength);
      case 'number':
        return isSecretName(name, value) ? mask : Number.isFinite(value) ? value : String(value);
      case 'bigint':
        return isSecretName(name, value) ? mask : this.#text(String(value), this.#limits.maxTextLength);
      case 'boolean':
        return value;
      case 'object':
        return value === null ? null : this.#copyObject(value, name, depth);
      default:
        return undefined;
    }
  }

  #text(text: string, maxLength: number): string {
    const copy = redactText(text, Math.min(maxLength, this.#lengthLeft));
    this.#lengthLeft = Math.max(0, this.#lengthLeft - copy.length);
    return copy;
  }

  #copyObject(value: object, name: string, depth: number): unknown {
    if (this.#above.includes(value)) return '[circular]';
    if (isSecretName(name)) return mask;
    if (depth >= this.#limits.maxDepth) return tooDeep;
    this.#above.push(value);
    try {
      return this.#copyMembers(value, name, depth + 1);
    } catch {
      return broken;
    } finally {
      this.#above.pop();
    }
  }

  #copyMembers(value: object, name: string, depth: number): unknown {
    if (Object.getPrototypeOf(value) === Object.prototype && Reflect.get(value, 'toJSON') === undefined) {
      return this.#copyProperties(value, depth);
    }
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (Array.isArray(value)) return this.#copyList(value, name, depth);
    if (value instanceof Error) return this.#copyError(value, depth);
    if (value instanceof Map) {
      const entries = [...take(value, this.#left)].map(([key, each]): [string, unknown] => [
        typeof key === 'object' ? '[object]' : String(key),
        each,
      ]);
      return this.#copyEntries(entries, value.size, depth);
    }
    if (value instanceof Set) return this.#copyList([...take(value, this.#left)], name, depth);
    if (value instanceof String || value instanceof Number) return this.copy(value.valueOf(), name, depth);
    if (isPairs(value)) return this.#copyPairs(value, depth);
    const toJson = Reflect.get(value, 'toJSON');
    if (typeof toJson === 'function') {
      const plain: unknown = toJson.call(value, name);
      // What it answers is data: asked again, it could answer for ever.
      if (typeof plain !== 'object' || plain === null) return this.copy(plain, name, depth);
      return Array.isArray(plain) ? this.#copyList(plain, name, depth) : this.#copyProperties(plain, depth);
    }
    return this.#copyProperties(value, depth);
  }

  #copyList(list: readonly unknown[], name: string, depth: number): unknown[] {
    const copy: unknown[] = [];
    // Names and values in turn, as raw headers are, or pairs of them.
    const inTurn = /headers$/i.test(name);
    for (let index = 0; index < list.length; index++) {
      if (this.#left <= 0) {
        copy.push(`[${list.length - index} more]`);
        break;
      }
      const before = index > 0 ? list[index - 1] : undefined;
      const named = typeof before === 'string' && ((inTurn && index % 2 === 1) || /^--?\w[\w-]{0,63}$/.test(before));
      const own = named ? before : Array.isArray(list[index]) ? name : '';
      copy.push(this.copy(read(list, index), own, depth) ?? null);
    }
    return copy;
  }

  #copyProperties(value: object, depth: number): Record<string, unknown> {
    const keys = Object.keys(value);
    const copy: Record<string, unknown> = {};
    for (let index = 0; index < keys.length; index++) {
      if (this.#left <= 0) {
        copy['…'] = `[${keys.length - index} more]`;
        break;
      }
      const key = keys[index] as string;
      this.#put(copy, key, read(value, key), key === 'value' ? nameIn(value) : key, depth);
    }
    return copy;
  }

  /** Copies a member into `copy`, unless JSON has no form for it. */
  #put(copy: Record<string, unknown>, key: string, value: unknown, name: string, depth: number): void {
    const own = this.copy(value, name, depth);
    if (own === undefined) return;
    const shown = redactText(key, 200);
    this.#lengthLeft = Math.max(0, this.#lengthLeft - shown.length);
    // An assignment to this name would set what the copy inherits.
    if (shown === '__proto__') Object.defineProperty(copy, shown, { value: own, enumerable: true });
    else copy[shown] = own;
  }

  #copyEntries(
    entries: readonly (readonly [key: string, value: unknown])[],
    total: number,
    depth: number,
  ): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    let seen = 0;
    for (const [key, value] of entries) {
      if (this.#left <= 0) break;
      seen++;
      this.#put(copy, key, value, key, depth);
    }
    if (seen < total) copy['…'] = `[${total - seen} more]`;
    return copy;
  }

  #copyPairs(pairs: Iterable<readonly [name: string, value: unknown]>, depth: number): Record<string, unknown> {
    const entries = [...take(pairs, this.#left + 1)];
    return this.#copyEntries(entries, entries.length, depth);
  }

  #copyError(error: Error, depth: number): Record<string, unknown> {
    const facts = ['name', 'message', 'stack'].map((key): [string, unknown] => [
      key === 'name' ? 'type' : key,
      read(error, key),
    ]);
    const known = new Set(['name', 'message', 'stack', 'type']);
    for (const key of [...Object.keys(error), 'cause', 'errors']) {
      if (known.has(key) || !(key in error)) continue;
      known.add(key);
      facts.push([key, read(error, key)]);
    }
    return this.#copyEntries(facts, facts.length, depth);
  }
}

/** What the value in `{ name: 'DB_PASSWORD', value: '…' }` is called, as in lists of headers and of variables. */
function nameIn(pair: object): string {
  const name = read(pair, 'name') ?? read(pair, 'key');
  return typeof name === 'string' ? name : 'value';
}

/**
 * Headers of `fetch`, queries and forms: pairs of names and values, none of which is a property. Known by their tags, since
 * to ask for their classes loads all of `fetch`.
 */
function isPairs(value: object): value is Iterable<readonly [name: string, value: unknown]> {
  const tag: unknown = read(value, Symbol.toStringTag);
  return (tag === 'Headers' || tag === 'URLSearchParams' || tag === 'FormData') && Symbol.iterator in value;
}

function read(of: object, key: string | number | symbol): unknown {
  try {
    return Reflect.get(of, key);
  } catch {
    return broken;
  }
}

function* take<T>(values: Iterable<T>, count: number): Iterable<T> {
  let left = count;
  for (const value of values) {
    if (left-- <= 0) return;
    yield value;
  }
}
