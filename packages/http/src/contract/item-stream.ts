/**
 * Streams of items in a contract: an answer that comes item by item (`stream`), or a body that does (`bodyStream`). Each item is
 * validated by itself, and what a stream may cost is bounded where the contract says it, for both ends.
 */
import {
  callable,
  checkOptions,
  integerIn,
  isSchema,
  millisecondsIn,
  OptionsError,
  type OutputOf,
  oneOf,
  optional,
  type Rule,
  type StandardSchema,
} from '@fwk/kernel';
import { type Content, contentOf } from './content.js';

/** How the items of an answer go over the wire: a line of JSON each, or a server-sent event each. */
export type ItemFormat = 'ndjson' | 'events';

/** Options of {@link streamOf}. */
export interface StreamOptions<Item = unknown> {
  /**
   * The form that typed clients ask for: a line of JSON an item (`application/x-ndjson`), or server-sent events
   * (`text/event-stream`). Servers speak both, as the request's `Accept` wants it. @defaultValue 'ndjson'
   */
  readonly as: ItemFormat;
  /**
   * Names an item, so that a stream that broke goes on behind the last one that was got: clients call again with
   * `Last-Event-ID`, which handlers find as `call.lastEventId`. At most 255 printable characters.
   * @defaultValue streams cannot be resumed
   */
  readonly id: ((item: Item) => string | number) | undefined;
  /**
   * Longest time between two items, 1 to 2^31 − 1 milliseconds; false where a stream may be quiet for long. The time in which
   * the reader is not ready for the next one does not count: it has as long again to read what waits for it.
   * @defaultValue 60000
   */
  readonly idleMs: number | false;
  /** Longest time of a whole stream, 1 to 2^31 − 1 milliseconds; false for none. @defaultValue false */
  readonly totalMs: number | false;
  /**
   * How often a server says that a quiet stream is alive, 1000 to 3 600 000 milliseconds; false for never. A client gives up a
   * server of which it hears nothing for three times as long. @defaultValue 15000
   */
  readonly heartbeatMs: number | false;
  /** Largest item, as JSON, 64 to 1 073 741 824 bytes. @defaultValue 1048576 */
  readonly maxItemBytes: number;
}

/** Defaults of {@link StreamOptions}. */
export const streamDefaults = Object.freeze({
  as: 'ndjson',
  id: undefined,
  idleMs: 60_000,
  totalMs: false,
  heartbeatMs: 15_000,
  maxItemBytes: 1_048_576,
}) satisfies StreamOptions;

/** A stream with options, as {@link streamOf} makes it. */
export interface StreamOf<Schema extends StandardSchema = StandardSchema> {
  readonly kind: 'fwk.stream';
  readonly schema: Schema;
  readonly options: StreamOptions<never>;
}

const longestMs = 2 ** 31 - 1;

/** A limit that may be left out by `false`. */
export function orFalse(rule: Rule): Rule {
  return (value) => {
    const wanted = value === false ? undefined : rule(value);
    return wanted && `${wanted}, or false`;
  };
}

const rules: { readonly [Field in keyof StreamOptions]: Rule } = {
  as: oneOf('ndjson', 'events'),
  id: optional(callable),
  idleMs: orFalse(millisecondsIn(1, longestMs)),
  totalMs: orFalse(millisecondsIn(1, longestMs)),
  heartbeatMs: orFalse(millisecondsIn(1000, 3_600_000)),
  maxItemBytes: integerIn(64, 1_073_741_824),
};

/**
 * Says more of a stream than the schema of its items.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example get('/prices', { stream: streamOf(Price, { as: 'events', id: (price) => price.seq, idleMs: false }) })
 */
export function streamOf<Schema extends StandardSchema>(
  schema: Schema,
  options?: Partial<StreamOptions<OutputOf<Schema>>>,
): StreamOf<Schema> {
  if (!isSchema(schema) || contentOf(schema).kind !== 'json') {
    throw new OptionsError('streamOf', ['schema must be a Standard Schema validator of what JSON can hold']);
  }
  const checked = checkOptions<StreamOptions<OutputOf<Schema>>>('streamOf', options, streamDefaults, rules);
  return Object.freeze({ kind: 'fwk.stream', schema, options: Object.freeze(checked) });
}

/** Whether a value was made by {@link streamOf}. */
export function isStreamOf(value: unknown): value is StreamOf {
  return typeof value === 'object' && value !== null && (value as Partial<StreamOf>).kind === 'fwk.stream';
}

/** A stream as clients and servers work with it. Times that are not limited are `Infinity`. */
export interface StreamPlan {
  readonly schema: StandardSchema;
  /** What it is on the wire: items as JSON, or the bytes of one file. */
  readonly content: Content;
  readonly as: ItemFormat;
  readonly id: ((item: unknown) => string | number) | undefined;
  readonly idleMs: number;
  readonly totalMs: number;
  readonly heartbeatMs: number;
  /** Of a file its size. */
  readonly maxItemBytes: number;
}

/** Works out what a spec says of a stream. */
export function streamPlan(given: StandardSchema | StreamOf | undefined): StreamPlan | undefined {
  if (given === undefined) return undefined;
  const { schema, options } = isStreamOf(given) ? given : { schema: given, options: streamDefaults };
  const { as, id, idleMs, totalMs, heartbeatMs, maxItemBytes } = options;
  const limit = (ms: number | false) => (ms === false ? Number.POSITIVE_INFINITY : ms);
  return Object.freeze({
    schema,
    content: contentOf(schema),
    as,
    id: id as StreamPlan['id'],
    idleMs: limit(idleMs),
    totalMs: limit(totalMs),
    heartbeatMs: limit(heartbeatMs),
    maxItemBytes,
  });
}

/** How often in a row a peer may miss its heartbeat. */
const missedBeats = 3;

/** How long a server may be silent, in milliseconds. */
export function silenceMs({ heartbeatMs }: StreamPlan): number {
  return missedBeats * heartbeatMs;
}

/**
 * The id of an item as text; undefined where there is none that could stand in a header.
 * @throws what the contract's function throws
 */
export function itemId({ id }: StreamPlan, item: unknown): string | undefined {
  if (!id) return undefined;
  const text = String(id(item));
  return isEventId(text) ? text : undefined;
}

/** Whether a text can be the id of an item: 1 to 255 printable ASCII characters without blanks at its ends. */
export function isEventId(text: string): boolean {
  return /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(text);
}
