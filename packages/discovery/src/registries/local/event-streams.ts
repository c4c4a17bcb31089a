/**
 * The open event streams of a served registry. A change is formatted once and written to all that are not behind; the
 * others come to it at their own pace. Who takes nothing for long is cut off: its place may be wanted.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Timer } from '@fwk/kernel';
import { RegistryFullError } from '../../errors.js';
import type { Change } from './change-log.js';
import { EventStream, type StreamSource } from './event-stream.js';
import { ListInParts } from './list-in-parts.js';
import type { LocalRegistryOptions } from './local-options.js';
import type { Caller } from './registry-access.js';
import type { ServedRegistry } from './served-registry.js';
import { formatEvent, headers, protocol, streamBody } from './wire.js';

/** Longest time between beats. Not longer than a lease either: clients count renewals to tell that a stream is silent. */
const MAX_BEAT_MS = 2500;
/** A reader that takes nothing for this long is cut off. Longer than a process is blocked that lives. */
const MAX_STALL_MS = 10_000;
/** Streams of one process. It needs one; the others are those whose end has not been noticed. */
const MAX_STREAMS_EACH = 8;
/** Share of all streams that may be open for readers who do not say who they are. */
const NAMELESS_SHARE = 0.5;
/** A list is read by those who come after it as long as it is behind by no more changes. */
const MAX_CHANGES_AFTER_LIST = 200;

/** All streams of one server. */
export class EventStreams {
  readonly #registry: ServedRegistry;
  readonly #maxStreams: number;
  readonly #clock: Clock;
  readonly #beatMs: number;
  readonly #open = new Set<EventStream>();
  #nameless = 0;
  readonly #source: StreamSource;
  #list: ListInParts | undefined;
  #timer: Timer | undefined;

  constructor(registry: ServedRegistry, { maxStreams, ttlMs }: LocalRegistryOptions, clock: Clock) {
    this.#registry = registry;
    this.#maxStreams = maxStreams;
    this.#clock = clock;
    this.#beatMs = Math.min(MAX_BEAT_MS, ttlMs);
    const { epoch, holder } = registry;
    this.#source = {
      epoch,
      changesSince: (version) => registry.changesSince(version),
      list: () => this.#recentList(),
      greeting: (version, resumed) => ({ epoch, version, holder, ttlMs, resumed }),
      format: (change) => this.#format(change),
    };
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * Turns a request into a stream.
   * @param caller - whose end shows by the end of the stream; one without an identity only reads.
   * @throws RegistryFullError
   */
  add(request: IncomingMessage, response: ServerResponse, caller: Caller): void {
    const { identity } = caller;
    if (this.#open.size >= this.#maxStreams) throw new RegistryFullError('streams', this.#maxStreams);
    const mostNameless = Math.ceil(this.#maxStreams * NAMELESS_SHARE);
    if (!identity && this.#nameless >= mostNameless)
      throw new RegistryFullError('streams of mere readers', mostNameless);
    if (identity && this.#registry.streamsOf(identity) >= MAX_STREAMS_EACH) {
      throw new RegistryFullError('streams of one process', MAX_STREAMS_EACH);
    }
    // Its end is that of the connection. In chunks, each event would be three writes to each reader in place of one.
    response.removeHeader('transfer-encoding');
    response.writeHead(200, {
      ...caller.proofOf(200, streamBody),
      connection: 'close',
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      [headers.registry]: protocol,
    });
    request.socket.setNoDelay(true);
    const stream = new EventStream(response, this.#source, caller.seal?.());
    stream.begin(this.#known(request.headers['last-event-id']));
    this.#open.add(stream);
    this.#timer ??= this.#clock.setTimer(() => this.#beat(), this.#beatMs, true);
    if (identity) this.#registry.connected(identity);
    else this.#nameless++;
    response.once('close', () => {
      this.#open.delete(stream);
      if (this.#open.size === 0) this.#rest();
      if (identity) this.#registry.disconnected(identity);
      else this.#nameless--;
    });
  }

  publish(change: Change): void {
    if (this.#open.size === 0) return;
    const text = Buffer.from(this.#format(change));
    for (const stream of this.#open) stream.tell(change.version, text);
  }

  /** Tells all readers that another process may serve now. */
  close(): void {
    for (const stream of this.#open) stream.close();
  }

  #beat(): void {
    this.#timer = this.#clock.setTimer(() => this.#beat(), this.#beatMs, true);
    for (const stream of this.#open) stream.beat(Math.ceil(MAX_STALL_MS / this.#beatMs));
    // Who reads it holds it; it takes as much memory as all instances.
    this.#list = undefined;
  }

  #rest(): void {
    if (this.#timer) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#list = undefined;
  }

  /** The version from which a reader can go on. */
  #known(lastEventId: string | string[] | undefined): number | undefined {
    const [, epoch, version] = /^([A-Za-z0-9-]{8,64}):(\d{1,15})$/.exec(String(lastEventId)) ?? [];
    return epoch === this.#registry.epoch && this.#registry.changesSince(Number(version)) ? Number(version) : undefined;
  }

  #format(change: Change): string {
    const { kind, ...facts } = change;
    return formatEvent(kind, facts, `${this.#registry.epoch}:${change.version}`);
  }

  /** After a takeover everybody asks for the same list at once, while everybody registers: it is written out once. */
  #recentList(): ListInParts {
    const { version, catalog } = this.#registry;
    if (!this.#list || version - this.#list.version > MAX_CHANGES_AFTER_LIST)
      this.#list = new ListInParts(catalog, version);
    return this.#list;
  }
}
