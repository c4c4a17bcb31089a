/**
 * What the embedded registry and its clients say to each other: JSON over HTTP, and a stream of server-sent events. Both
 * ends check what they read: anything may answer on a port, and anybody on the machine may ask.
 *
 * - `PUT /v1/instances/:id` `{instance, override?}` registers, or changes what is registered → `{version, ttlMs}`
 * - `DELETE /v1/instances/:id` takes it out → `{version}`
 * - `POST /v1/renewals` `{ids}` renews leases → `{unknown: ids}`
 * - `PUT /v1/overrides/:id` `{status, cause, actor}` lets an operator's word win → `{version}`; `DELETE` → `{version, lifted}`
 * - `GET /v1/events` (`Last-Event-ID: epoch:version` resumes) → `hello`, `snapshot` unless resumed, `put`, `remove`,
 *   `override`, `closing`
 * - `GET /v1/instances?service=`, `GET /v1/services`, `GET /v1/state` for people
 *
 * A version counts changes within one epoch; an epoch is one serving process. The holder header names the asking process
 * to everybody; the key header proves that it is the one which registered.
 */
import { InstanceInvalidError } from '../../errors.js';
import { parseInstance } from '../../instance.js';
import { type Override, parseOverride } from '../../override.js';
import type { Catalog, CatalogEntry } from '../catalog.js';
import type { Change } from './change-log.js';

/** Data that is not what the protocol says. */
export class MalformedError extends Error {}

/** Names of the headers. */
export const headers = Object.freeze({
  /** On every answer of a registry; its value is the version of this protocol. */
  registry: 'fwk-registry',
  holder: 'fwk-registry-holder',
  key: 'fwk-registry-key',
});

/** Version of the protocol. */
export const protocol = '1';

/** What the server says first on a stream. */
export interface Hello {
  readonly epoch: string;
  readonly version: number;
  /** The process that serves. */
  readonly holder: string;
  readonly ttlMs: number;
  /** True when only what has changed since follows. */
  readonly resumed: boolean;
}

/** All that is known: of instances, and of what operators say of them. */
export interface Known {
  readonly entries: readonly CatalogEntry[];
  readonly overrides: ReadonlyMap<string, Override>;
}

/** One message of the stream. */
export type StreamMessage =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | (Known & { readonly kind: 'snapshot' })
  | Change
  | { readonly kind: 'closing' };

const events = ['hello', 'snapshot', 'put', 'remove', 'override'] as const;

/** Formats one event; `id` only where a reader may resume from. */
export function formatEvent(event: string, data: unknown, id?: string): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** All that a catalog holds, to be written as JSON. */
export function knownIn(catalog: Catalog): object {
  return { entries: [...catalog.entries()], overrides: Object.fromEntries(catalog.overrides) };
}

/** Reads what {@link knownIn} wrote. What only a newer version understands is left out. @throws MalformedError */
export function parseKnown(value: unknown): Known {
  const { entries, overrides = {} } = objectOf(value);
  return {
    entries: listOf(entries).flatMap((entry) => validOrNothing(() => parseEntry(entry))),
    overrides: new Map(
      Object.entries(objectOf(overrides)).flatMap(([id, override]) =>
        validOrNothing(() => [id, parseOverride(id, override)] as const),
      ),
    ),
  };
}

/** Whether a text is a holder or a key: 8 to 64 plain characters. */
export function isToken(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9-]{8,64}$/.test(text);
}

/**
 * Reads one event of the stream.
 * @returns undefined for an event that this version does not know.
 * @throws MalformedError or SyntaxError when it is not what the protocol says.
 */
export function parseEvent(event: string, data: string): StreamMessage | undefined {
  if (event === 'closing') return { kind: 'closing' };
  if (!(events as readonly string[]).includes(event)) return undefined;
  const value = objectOf(JSON.parse(data));
  switch (event as (typeof events)[number]) {
    case 'hello':
      return { kind: 'hello', hello: parseHello(value) };
    case 'snapshot':
      return { kind: 'snapshot', ...parseKnown(value) };
    case 'put':
      return { kind: 'put', version: countOf(value.version), entry: parseEntry(value.entry) };
    case 'remove':
      return { kind: 'remove', version: countOf(value.version), id: textOf(value.id) };
    case 'override': {
      const id = textOf(value.id);
      const override = value.override === undefined ? undefined : parseOverride(id, value.override);
      return { kind: 'override', version: countOf(value.version), id, override };
    }
  }
}

/** Reads the names in a list of ids. @throws MalformedError */
export function parseIds(value: unknown, limit: number): readonly string[] {
  const ids = listOf(value);
  if (ids.length > limit) throw new MalformedError(`at most ${limit} ids`);
  return ids.map(textOf);
}

/** An object of plain fields. @throws MalformedError */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new MalformedError('not an object');
  return value as Readonly<Record<string, unknown>>;
}

function parseHello(value: Readonly<Record<string, unknown>>): Hello {
  const ttlMs = countOf(value.ttlMs);
  if (!isToken(value.epoch) || !isToken(value.holder) || ttlMs < 100) throw new MalformedError('not a greeting');
  return {
    epoch: value.epoch,
    version: countOf(value.version),
    holder: value.holder,
    ttlMs,
    resumed: value.resumed === true,
  };
}

function parseEntry(value: unknown): CatalogEntry {
  const { instance, holder } = objectOf(value);
  if (!isToken(holder)) throw new MalformedError('not a holder');
  return { instance: parseInstance(instance), holder };
}

/** One instance that only a newer version understands must not hide all the others. */
function validOrNothing<T>(parse: () => T): readonly T[] {
  try {
    return [parse()];
  } catch (error) {
    if (error instanceof InstanceInvalidError) return [];
    throw error;
  }
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new MalformedError('not a list');
  return value;
}

function textOf(value: unknown): string {
  if (typeof value !== 'string' || value.length > 300) throw new MalformedError('not a text');
  return value;
}

function countOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new MalformedError('not a count');
  return value;
}
