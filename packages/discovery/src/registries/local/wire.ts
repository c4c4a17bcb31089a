/**
 * What the embedded registry and its clients say to each other: JSON over HTTP, and a stream of server-sent events. Both
 * ends check what they read: anything may answer on a port, and anybody on the machine may ask.
 *
 * - `POST /v1/sessions` and `POST /v1/sessions/:session` prove both ends to each other: see `session.ts`
 * - `PUT /v1/instances/:id` `{instance, override?}` registers, or changes what is registered → `{version, ttlMs}`
 * - `DELETE /v1/instances/:id` takes it out → `{version}`
 * - `POST /v1/renewals` `{ids}` renews leases → `{unknown: ids}`
 * - `PUT /v1/overrides/:id` `{status, cause, actor}` lets an operator's word win → `{version}`; `DELETE` → `{version, lifted}`
 * - `GET /v1/events` (`Last-Event-ID: epoch:version` resumes) → `hello`, unless resumed everything in some `list`s, then
 *   `put`, `remove`, `override`; among them `current` when all is said that had happened before; `closing`. By the port, to
 *   a session, a `proof` follows each piece
 * - `GET /v1/instances?service=`, `GET /v1/services`, `GET /v1/state` for people, in pages (`?after=`, `?limit=`)
 *
 * A version counts changes within one epoch; an epoch is one serving process. A holder is the public name of a process, an
 * owner the public half of its key.
 */
import { parseJson } from '@fwk/kernel';
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
  /** The session that a request belongs to, the number of the request in it, and by the port the proof of both ends. */
  session: 'fwk-registry-session',
  count: 'fwk-registry-count',
  proof: 'fwk-registry-proof',
});

/** Version of the protocol. */
export const protocol = '1';

/** What an answer that becomes a stream of events is proven by in place of its body. */
export const streamBody = 'events';

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

/** One event of the stream. */
export type StreamEvent =
  | { readonly kind: 'hello'; readonly hello: Hello }
  /** A part of everything. */
  | (Known & { readonly kind: 'list' })
  | Change
  /** All is said that the greeting announced, and what changed while it was being said. */
  | { readonly kind: 'current' }
  | { readonly kind: 'closing' };

const events = ['hello', 'list', 'put', 'remove', 'override', 'current', 'closing'] as const;

/** Formats one event; `id` only where a reader may resume from. */
export function formatEvent(event: StreamEvent['kind'], data: unknown, id?: string): string {
  return frameEvent(event, JSON.stringify(data), id);
}

/** Formats one event whose data is written as JSON already. */
export function frameEvent(event: StreamEvent['kind'], json: string, id?: string): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${json}\n\n`;
}

/** The event after each piece of a stream that is proven. */
export const proofEvent = 'proof';

/** Formats it. */
export function frameProof(proof: string): string {
  return `event: ${proofEvent}\ndata: ${proof}\n\n`;
}

/** A comment, for readers to hear that the stream is open. */
export const ping = ': ping\n\n';

/** All that a catalog holds, to be written as JSON. */
export function knownIn(catalog: Catalog): object {
  return { entries: [...catalog.entries()], overrides: Object.fromEntries(catalog.overrides) };
}

/** Reads what {@link knownIn} wrote. Whatever cannot be read in it is left out. @throws MalformedError */
export function parseKnown(value: unknown): Known {
  const { entries, overrides = {} } = objectOf(value);
  const known = {
    entries: listOf(entries).flatMap((entry) => readable(() => parseEntry(entry)) ?? []),
    overrides: new Map<string, Override>(),
  };
  for (const [id, given] of Object.entries(objectOf(overrides))) {
    const override = readable(() => parseOverride(id, given));
    if (override) known.overrides.set(id, override);
  }
  return known;
}

/** Whether a text is a holder or an epoch: 8 to 64 plain characters. */
export function isToken(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9-]{8,64}$/.test(text);
}

/** Whether a text is an owner: the public half of an Ed25519 key, in base64url. */
export function isOwner(text: unknown): text is string {
  return typeof text === 'string' && /^[\w-]{43}$/.test(text);
}

/** Whether a text may be a nonce: 22 to 64 characters of base64url. */
export function isNonce(text: unknown): text is string {
  return typeof text === 'string' && /^[\w-]{22,64}$/.test(text);
}

/**
 * Reads one event of the stream. An instance that cannot be read is taken for one that is gone, an override that cannot be
 * read for one that was lifted, as both are where everything is listed: the changes after it are worth reading.
 * @returns undefined for an event that this version does not know.
 * @throws MalformedError, or what `parseJson` throws, when it is not what the protocol says.
 */
export function parseEvent(event: string, data: string): StreamEvent | undefined {
  const kind = events.find((known) => known === event);
  if (!kind) return undefined;
  const value = objectOf(parseJson(data));
  switch (kind) {
    case 'hello':
      return { kind, hello: parseHello(value) };
    case 'list':
      return { kind, ...parseKnown(value) };
    case 'put': {
      const version = countOf(value.version);
      const entry = readable(() => parseEntry(value.entry));
      return entry ? { kind, version, entry } : { kind: 'remove', version, id: idOf(value.entry) };
    }
    case 'remove':
      return {
        kind,
        version: countOf(value.version),
        id: textOf(value.id),
        ...(isOwner(value.owner) && { owner: value.owner }),
      };
    case 'override': {
      const id = textOf(value.id);
      const { override } = value;
      const read = override === undefined ? undefined : readable(() => parseOverride(id, override));
      return { kind, version: countOf(value.version), id, override: read };
    }
    default:
      return { kind };
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
  const { instance, holder, owner } = objectOf(value);
  if (!isToken(holder) || !isOwner(owner)) throw new MalformedError('not a holder and an owner');
  return { instance: parseInstance(instance), holder, owner };
}

/** The id in an entry that cannot be read; nobody's if not even that can. */
function idOf(entry: unknown): string {
  return readable(() => textOf(objectOf(objectOf(entry).instance).id)) ?? '';
}

/** Undefined for what only a newer version understands, or was damaged: one record must not hide all the others. */
function readable<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof InstanceInvalidError || error instanceof MalformedError) return undefined;
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
