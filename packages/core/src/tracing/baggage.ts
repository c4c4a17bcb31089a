/**
 * W3C baggage: names and values that travel with a call, such as a tenant. What a caller sent is a claim of that caller: it is fit for
 * logs and for choosing, never for granting anything.
 *
 * Bounded as the specification has it: 64 members and 8192 bytes; what is beyond is left out, member by member. A member that is
 * malformed is left out alone. Reading takes linear time. Source: https://www.w3.org/TR/baggage/
 */
import { type CallContext, type ContextKey, contextKey, currentContext, OptionsError } from '@fwk/kernel';
import { activeOtelBaggage } from './otel.js';

/** Most members of a baggage. */
export const maxBaggageMembers = 64;

/** Longest baggage as it is sent, in bytes. */
export const maxBaggageLength = 8192;

/** A header that is longer than this is not read at all: nothing that may be sent on could be found in it. */
const longestRead = 4 * maxBaggageLength;

/** One member. */
export interface BaggageEntry {
  readonly name: string;
  readonly value: string;
  /** What stood behind the value, such as `ttl=60`; empty for nothing. */
  readonly properties: string;
  /** Whether a caller in another process said so; false for what was set here. */
  readonly claimed: boolean;
}

const nameForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const valueForm = /^[!#-+\--:<-[\]-~]*$/;

/** The names and values that travel with a call. Immutable. */
export class Baggage {
  readonly #entries: ReadonlyMap<string, BaggageEntry>;
  #header: string | undefined;

  /** @internal use {@link noBaggage} and {@link readBaggage} */
  constructor(entries: ReadonlyMap<string, BaggageEntry>) {
    this.#entries = entries;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value of a member; undefined where there is none. */
  get(name: string): string | undefined {
    return this.#entries.get(name)?.value;
  }

  /** All members with what is known of them. */
  entries(): readonly BaggageEntry[] {
    return [...this.#entries.values()];
  }

  /**
   * This baggage with a member set.
   * @param name - a token of HTTP, up to 256 characters.
   * @throws OptionsError for another name, a value above 4096 characters, and for more than the specification lets travel.
   */
  with(name: string, value: string): Baggage {
    const problems: string[] = [];
    if (!nameForm.test(name))
      problems.push("the name must be letters, digits and !#$%&'*+.^_`|~-, 1 to 256 characters");
    if (value.length > 4096) problems.push(`the value must have up to 4096 characters, not ${value.length}`);
    const next = new Map(this.#entries).set(name, { name, value, properties: '', claimed: false });
    if (next.size > maxBaggageMembers)
      problems.push(`there are ${maxBaggageMembers} members already, the most there may be`);
    if (problems.length > 0) throw new OptionsError('the baggage', problems);
    const made = new Baggage(next);
    if (lengthOf(next) > maxBaggageLength) {
      throw new OptionsError('the baggage', [
        `all members must have up to ${maxBaggageLength} bytes, not ${lengthOf(next)}`,
      ]);
    }
    return made;
  }

  /** This baggage without a member. */
  without(name: string): Baggage {
    const next = new Map(this.#entries);
    return next.delete(name) ? new Baggage(next) : this;
  }

  /** The header; empty without members. */
  get header(): string {
    this.#header ??= [...this.#entries.values()].map(written).join(',');
    return this.#header;
  }
}

/** A baggage without members. */
export const noBaggage = new Baggage(new Map());

/** The baggage of the call; belongs to that call alone. */
export const baggageKey: ContextKey<Baggage> = contextKey('baggage', noBaggage, true);

/** The baggage of the call that this code is a part of. */
export function currentBaggage(): Baggage {
  return currentContext().get(baggageKey);
}

/** The header for what a call asks of others: its own baggage, and what is active in OpenTelemetry, where the application uses that. */
export function baggageToSend(context: CallContext): string {
  let baggage = context.get(baggageKey);
  for (const [name, value] of activeOtelBaggage()) {
    if (baggage.get(name) !== undefined) continue;
    try {
      baggage = baggage.with(name, value);
    } catch {
      // It does not fit.
    }
  }
  return baggage.header;
}

/** Reads the header of an incoming call; several headers are read as one. */
export function readBaggage(header: string | readonly string[] | undefined): Baggage {
  if (header === undefined) return noBaggage;
  const text = typeof header === 'string' ? header : header.join(',');
  if (text === '' || text.length > longestRead) return noBaggage;
  const entries = new Map<string, BaggageEntry>();
  let length = 0;
  for (const member of text.split(',')) {
    const entry = readMember(member);
    if (!entry) continue;
    const grown = length + written(entry).length + (length > 0 ? 1 : 0);
    if (grown > maxBaggageLength || (!entries.has(entry.name) && entries.size >= maxBaggageMembers)) continue;
    length = grown;
    entries.set(entry.name, entry);
  }
  return entries.size === 0 ? noBaggage : new Baggage(entries);
}

function readMember(member: string): BaggageEntry | undefined {
  const semicolon = member.indexOf(';');
  const pair = semicolon < 0 ? member : member.slice(0, semicolon);
  const equals = pair.indexOf('=');
  if (equals < 0) return undefined;
  const name = pair.slice(0, equals).trim();
  const raw = pair.slice(equals + 1).trim();
  const properties = semicolon < 0 ? '' : member.slice(semicolon + 1).trim();
  if (!nameForm.test(name) || !valueForm.test(raw) || !/^[\x20-\x7e\t]*$/.test(properties)) return undefined;
  return { name, value: decoded(raw), properties, claimed: true };
}

/** Percent-encoded UTF-8; bytes that are none become U+FFFD. */
function decoded(raw: string): string {
  if (!raw.includes('%')) return raw;
  const bytes: number[] = [];
  for (let index = 0; index < raw.length; index++) {
    const hex = raw.charAt(index) === '%' ? raw.slice(index + 1, index + 3) : '';
    if (/^[\da-f]{2}$/i.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      index += 2;
    } else bytes.push(raw.charCodeAt(index));
  }
  return Buffer.from(bytes).toString('utf8');
}

function written({ name, value, properties }: BaggageEntry): string {
  return `${name}=${encoded(value)}${properties === '' ? '' : `;${properties}`}`;
}

function encoded(value: string): string {
  if (valueForm.test(value) && !value.includes('%')) return value;
  let text = '';
  for (const byte of Buffer.from(value)) {
    const character = String.fromCharCode(byte);
    const plain = byte < 0x80 && character !== '%' && valueForm.test(character);
    text += plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

function lengthOf(entries: ReadonlyMap<string, BaggageEntry>): number {
  let length = -1;
  for (const entry of entries.values()) length += written(entry).length + 1;
  return length;
}
