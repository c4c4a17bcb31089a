/**
 * The open event streams of a served registry. A change is formatted once and written to all. A reader that does not keep
 * up is cut off rather than buffered for: it comes back and resumes, or starts anew.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RegistryFullError } from '../../errors.js';
import type { Change } from './change-log.js';
import type { LocalRegistryOptions } from './local-options.js';
import type { Identity, ServedRegistry } from './served-registry.js';
import { formatEvent, type Hello, headers, knownIn, protocol } from './wire.js';

/** All streams of one server. */
export class EventStreams {
  readonly #registry: ServedRegistry;
  readonly #options: LocalRegistryOptions;
  readonly #open = new Set<ServerResponse>();
  #snapshot: { readonly version: number; readonly text: string } | undefined;

  constructor(registry: ServedRegistry, options: LocalRegistryOptions) {
    this.#registry = registry;
    this.#options = options;
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * Turns a request into a stream.
   * @param identity - the process whose end shows by the end of the stream; undefined for a mere reader.
   * @throws RegistryFullError
   */
  add(request: IncomingMessage, response: ServerResponse, identity: Identity | undefined): void {
    if (this.#open.size >= this.#options.maxStreams) throw new RegistryFullError('streams', this.#options.maxStreams);
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      [headers.registry]: protocol,
    });
    request.socket.setNoDelay(true);
    const missed = this.#missedSince(request.headers['last-event-id']);
    const { epoch, version, holder, ttlMs } = this.#registry;
    const hello: Hello = { epoch, version, holder, ttlMs, resumed: missed !== undefined };
    response.write(
      formatEvent('hello', hello) + (missed?.map((change) => this.#format(change)).join('') ?? this.#all()),
    );
    this.#open.add(response);
    if (identity) this.#registry.connected(identity);
    response.once('close', () => {
      this.#open.delete(response);
      if (identity) this.#registry.disconnected(identity);
    });
  }

  publish(change: Change): void {
    if (this.#open.size === 0) return;
    const text = this.#format(change);
    for (const response of this.#open) {
      if (response.writableLength > this.#options.maxStreamBacklogBytes) response.destroy();
      else response.write(text);
    }
  }

  /** Tells all readers that another process may serve now. */
  close(): void {
    for (const response of this.#open) response.end(formatEvent('closing', {}));
  }

  #missedSince(lastEventId: string | string[] | undefined): readonly Change[] | undefined {
    const [, epoch, version] = /^([A-Za-z0-9-]{8,64}):(\d{1,15})$/.exec(String(lastEventId)) ?? [];
    return epoch === this.#registry.epoch ? this.#registry.changesSince(Number(version)) : undefined;
  }

  #format(change: Change): string {
    const { kind, ...facts } = change;
    return formatEvent(kind, facts, `${this.#registry.epoch}:${change.version}`);
  }

  /** After a takeover everybody asks for the same list at once: it is written out once. */
  #all(): string {
    const { version, epoch, catalog } = this.#registry;
    if (this.#snapshot?.version !== version) {
      const text = formatEvent('snapshot', knownIn(catalog), `${epoch}:${version}`);
      this.#snapshot = { version, text };
    }
    return this.#snapshot.text;
  }
}
