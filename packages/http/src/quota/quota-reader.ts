/** Hears what the answers of a callee say of its quota, and tells the rate limits of the client. */
import { type Clock, readRetryAfterMs } from '@fwk/kernel';
import { type QuotaNews, RateQuota } from '@fwk/resilience';
import { plainQuota } from './plain-quota.js';
import type { FieldParser } from './quota-fields.js';

/** The head of an answer. */
export interface HeardHead {
  readonly status: number;
  /** @param name - in lower case */
  all(name: string): string | undefined;
}

/** Longer headers are no quotas. */
const MAX_LENGTH = 4096;

/** See the head of this file. State: the quota, and the parser of its headers, loaded when the first of them comes. */
export class QuotaReader {
  readonly quota = new RateQuota();
  /** Whether some rate limit follows the quota. */
  followed = false;
  readonly #clock: Clock;
  #parser: FieldParser | undefined;
  #loading: Promise<FieldParser | undefined> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Says later which calls were sent before. */
  get mark(): number {
    return this.quota.mark;
  }

  /** Some rate limit follows the quota from here on. */
  follow(): RateQuota {
    this.followed = true;
    return this.quota;
  }

  /** @param mark - from when the answered call was sent */
  hear(head: HeardHead | undefined, mark: number): void {
    if (!head) return;
    const nowMs = this.#clock.now();
    this.#hearPause(head, nowMs);
    const field = bounded(head.all('ratelimit'));
    if (field === undefined) {
      this.quota.tell(this.#plain(head), mark, nowMs);
      return;
    }
    const policy = bounded(head.all('ratelimit-policy'));
    const plain = this.#plain(head);
    const tell = (parser: FieldParser | undefined) => {
      const news = parser?.(field, policy) ?? [];
      this.quota.tell(news.length > 0 ? news : plain, mark, nowMs);
    };
    if (this.#parser) tell(this.#parser);
    else this.#load().then(tell, () => {});
  }

  #plain(head: HeardHead): readonly QuotaNews[] {
    return plainQuota((name) => bounded(head.all(name)), this.#clock.wallTime());
  }

  #hearPause(head: HeardHead, nowMs: number): void {
    if (head.status !== 429 && head.status !== 503) return;
    const pauseMs = readRetryAfterMs(head.all('retry-after'), this.#clock.wallTime());
    if (pauseMs !== undefined) this.quota.pause(pauseMs, nowMs);
  }

  #load(): Promise<FieldParser | undefined> {
    this.#loading ??= import('./quota-fields.js')
      .then(({ loadFieldParser }) => loadFieldParser())
      .then((parser) => {
        this.#parser = parser;
        return parser;
      });
    return this.#loading;
  }
}

function bounded(value: string | undefined): string | undefined {
  return value !== undefined && value.length <= MAX_LENGTH ? value : undefined;
}
