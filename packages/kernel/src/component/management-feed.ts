/** Answers of management endpoints that go on for as long as the client listens: server-sent events. */

const brand = Symbol.for('@fwk/management-feed');

/** A client that listens to a feed. */
export interface FeedReader {
  /** Sends text as it is; {@link serverSentEvent} makes it. A reader who is too slow is cut off, and gets no more. */
  send(text: string): void;
}

/** Options of {@link managementFeed}. */
export interface FeedOptions {
  /** Called when a reader begins to listen. @returns what ends it, when the reader has left or management stops */
  listen(reader: FeedReader): Disposable;
  /** Text sent at the start and every 15 s, so that nobody takes a quiet feed for a dead one. @defaultValue a comment */
  beat?(): string;
}

/** An answer that goes on; made by {@link managementFeed}. */
export type ManagementFeed = Required<FeedOptions>;

/**
 * Makes the answer of an endpoint that streams. The listener of management opens it: it limits how many read at once, keeps
 * quiet feeds alive, cuts off readers who are too slow, and ends all of them when it stops.
 * @example handle: () => managementFeed({ listen: (reader) => bus.on('*', ({ name }) => reader.send(serverSentEvent({ data: name }))) })
 */
export function managementFeed({ listen, beat = () => ': ping\n\n' }: FeedOptions): ManagementFeed {
  return Object.freeze({ [brand]: true, listen, beat });
}

/** True for what {@link managementFeed} made, also of another copy of this package. */
export function isManagementFeed(value: unknown): value is ManagementFeed {
  return typeof value === 'object' && value !== null && brand in value;
}

/** One event as it is written (WHATWG HTML, 9.2); line breaks in name and id become spaces, so that none can forge a field. */
export function serverSentEvent({ name, id, data }: { name?: string; id?: string; data: string }): string {
  const head = (field: string, value: string | undefined) =>
    value === undefined ? '' : `${field}: ${value.replace(/[\r\n\0]/g, ' ')}\n`;
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${head('id', id)}${head('event', name)}${lines.join('')}\n`;
}
