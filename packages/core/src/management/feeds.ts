import type { ServerResponse } from 'node:http';
import type { Clock, FeedReader, Logger, ManagementFeed, Timer } from '@fwk/kernel';
import { usualHeaders } from './answer.js';
import { ManagementRefusedError } from './problem.js';

/** Most readers of one feed at once; each costs a connection and the writing of all that is sent. */
export const maxFeedReaders = 5;

/** Time between what keeps a quiet feed alive, in milliseconds. */
const beatMs = 15_000;

/** A reader for whom more bytes wait is cut off. */
const maxWaitingBytes = 1 << 20;

/** The feeds of a management server that somebody reads: server-sent events. One timer keeps all of them alive. */
export class Feeds implements Disposable {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #open = new Set<OpenFeed>();
  #timer: Timer | undefined;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Turns a response into a feed until its reader leaves.
   * @param path - below `/manage/`; readers are counted by it.
   * @throws ManagementRefusedError 503 above {@link maxFeedReaders}; what the feed throws when it begins.
   */
  open(path: string, feed: ManagementFeed, response: ServerResponse): void {
    const readers = [...this.#open].filter((each) => each.path === path).length;
    if (readers >= maxFeedReaders) {
      throw new ManagementRefusedError(503, `${readers} clients read /manage/${path} already, the most there may be`);
    }
    for (const [name, value] of Object.entries(usualHeaders)) response.setHeader(name, value);
    response.setHeader('content-type', 'text/event-stream');
    // Proxies such as nginx would hold events back.
    response.setHeader('x-accel-buffering', 'no');
    // Nothing follows, so that it must not take a place.
    if (response.req.method === 'HEAD') return void response.end();
    // Who has left before it began would never leave again.
    if (response.destroyed) return;
    const opened = new OpenFeed(path, feed, response, {
      ended: () => this.#ended(opened),
      tooSlow: () => this.#logger.warn({ path }, `a reader of /manage/${path} was cut off: it reads too slowly`),
    });
    this.#open.add(opened);
    opened.begin();
    this.#timer ??= this.#clock.setTimer(() => this.#beat(), beatMs, true);
  }

  [Symbol.dispose](): void {
    for (const each of [...this.#open]) each.end();
  }

  #beat(): void {
    this.#timer = this.#clock.setTimer(() => this.#beat(), beatMs, true);
    for (const each of [...this.#open]) each.beat();
  }

  #ended(opened: OpenFeed): void {
    this.#open.delete(opened);
    if (this.#open.size > 0 || this.#timer === undefined) return;
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}

/** One reader of one feed. */
class OpenFeed implements FeedReader {
  readonly path: string;
  readonly #feed: ManagementFeed;
  readonly #response: ServerResponse;
  readonly #told: { ended(): void; tooSlow(): void };
  #listening: Disposable | undefined;
  #over = false;

  constructor(path: string, feed: ManagementFeed, response: ServerResponse, told: { ended(): void; tooSlow(): void }) {
    this.path = path;
    this.#feed = feed;
    this.#response = response;
    this.#told = told;
  }

  begin(): void {
    try {
      this.#listening = this.#feed.listen(this);
    } catch (error) {
      this.#over = true;
      this.#told.ended();
      throw error;
    }
    this.#response.on('close', () => this.end());
    // It may have been cut off by what was sent at once, or have left.
    if (this.#over) this.#listening[Symbol.dispose]();
    else this.beat();
  }

  send(text: string): void {
    if (this.#over) return;
    if (this.#response.writableLength <= maxWaitingBytes) return void this.#response.write(text);
    this.#told.tooSlow();
    this.end();
  }

  beat(): void {
    this.send(this.#feed.beat());
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#told.ended();
    this.#listening?.[Symbol.dispose]();
    this.#response.end();
    this.#response.req.socket.destroySoon();
  }
}
