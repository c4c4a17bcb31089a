/**
 * Sends the spans of kept traces to a collector, by OTLP/HTTP in JSON. A collector that is down, slow or refuses costs spans and
 * nothing else: what waits is bounded, one request is under way at a time, and each has its limit.
 *
 * State: the spans that wait. Spans go when a batch is full or the oldest has waited long enough. A batch that could not be
 * delivered is tried again with growing pauses, as long as the collector says that this helps, and then dropped and counted.
 */
import {
  type AttributeValue,
  backoffBound,
  type Cancellable,
  type Counter,
  cancellable,
  detached,
  type Env,
  jittered,
  redactText,
  settleWithin,
  sleep,
  type Timer,
} from '@fwk/kernel';
import { coreMetrics } from '../../core-metrics.js';
import type { RecordedSpan } from '../recorded-span.js';
import type { SpanSink } from '../trace-recorder.js';
import type { TraceExportOptions } from './export-options.js';
import { otlpBody, type QueuedSpan } from './otlp-json.js';
import { type PostResult, postSpans } from './post-spans.js';

/** Pauses between tries: also a collector that says "at once" is not asked at once. */
const pauses = Object.freeze({ baseMs: 1000, capMs: 30_000 });
const leastPauseMs = 500;

/** Why spans were dropped. */
type DropReason = 'queue-full' | 'refused' | 'unreachable' | 'rejected';

/** See the head of this file. */
export class OtlpExporter implements SpanSink {
  readonly #options: TraceExportOptions;
  readonly #env: Env;
  readonly #body: (spans: readonly QueuedSpan[]) => string;
  readonly #shownUrl: string;
  readonly #sent: Counter;
  readonly #dropped: Readonly<Record<DropReason, Counter>>;
  readonly #url: URL;
  #queue: QueuedSpan[] = [];
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  /** Set while it pauses before another try. */
  #pause: Cancellable | undefined;
  /** No batch is tried again any more. */
  #closing = false;
  /** Spans dropped since the trouble began; undefined while all is well. */
  #lost: number | undefined;

  /** @param resource - who sends. */
  constructor(options: TraceExportOptions, resource: Readonly<Record<string, AttributeValue>>, env: Env) {
    this.#options = options;
    this.#env = env;
    this.#url = tracesUrl(options.url);
    this.#shownUrl = redactText(this.#url.href, 200);
    this.#body = (spans) => otlpBody(resource, spans);
    const { metrics } = env;
    this.#sent = metrics.counter(coreMetrics['trace.spans.exported']);
    const dropped = (reason: DropReason) => metrics.counter(coreMetrics['trace.spans.dropped'], { reason });
    this.#dropped = {
      'queue-full': dropped('queue-full'),
      refused: dropped('refused'),
      unreachable: dropped('unreachable'),
      rejected: dropped('rejected'),
    };
  }

  add(spans: readonly RecordedSpan[], aheadMs: number): void {
    const { maxQueuedSpans, batchSpans, everyMs } = this.#options;
    const room = Math.max(0, maxQueuedSpans - this.#queue.length);
    for (const span of spans.slice(0, room)) this.#queue.push({ span, aheadMs });
    if (spans.length > room)
      this.#drop('queue-full', spans.length - room, 'spans come faster than the collector takes them');
    // What goes out is no part of the call whose spans these are.
    if (this.#queue.length >= batchSpans) detached(() => this.#send());
    else if (!this.#timer && !this.#sending) detached(() => this.#sendWithin(everyMs));
  }

  /**
   * Sends what waits, each batch once.
   * @param limitMs - longest wait, in milliseconds. What could not be sent by then is dropped.
   */
  async flush(limitMs: number): Promise<void> {
    this.#closing = true;
    this.#pause?.cancel();
    const { clock } = this.#env;
    const rest = () => this.#drop('unreachable', this.#queue.splice(0).length, 'the application stopped');
    await settleWithin(
      detached(() => this.#sendAll()),
      { clock, limitMs, inBackground: true, late: rest },
    );
    if (this.#timer) clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #sendWithin(ms: number): void {
    this.#timer = this.#env.clock.setTimer(() => this.#send(), ms, true);
  }

  #send(): void {
    if (this.#timer) this.#env.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    void this.#sendAll();
  }

  /** Never rejects. */
  #sendAll(): Promise<void> {
    this.#sending ??= this.#sendBatches().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendBatches(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, this.#options.batchSpans);
      await this.#deliver(batch);
    }
  }

  async #deliver(batch: readonly QueuedSpan[]): Promise<void> {
    const { clock } = this.#env;
    const body = this.#body(batch);
    const startedMs = clock.now();
    for (let tries = 0; ; tries++) {
      const result = await postSpans({ ...this.#options, url: this.#url }, body, clock);
      if (result.kind === 'taken') return this.#taken(batch.length, result);
      if (result.kind === 'refused') return this.#drop('refused', batch.length, result.reason);
      const pauseMs = this.#pauseMs(tries, result.afterMs);
      const over = clock.now() + pauseMs - startedMs > this.#options.giveUpAfterMs;
      if (this.#closing || over) return this.#drop('unreachable', batch.length, result.reason);
      this.#trouble(result.reason);
      await this.#wait(pauseMs);
    }
  }

  #pauseMs(tries: number, afterMs = 0): number {
    const own = jittered(backoffBound(tries, pauses), 0.5, this.#env.random);
    return Math.max(own, Math.min(afterMs, this.#options.giveUpAfterMs), leastPauseMs);
  }

  async #wait(pauseMs: number): Promise<void> {
    const pause = cancellable();
    this.#pause = pause;
    // A flush ends the pause.
    await sleep(this.#env.clock, pauseMs, pause.context, true).catch(() => undefined);
    this.#pause = undefined;
    pause[Symbol.dispose]();
  }

  #taken(spans: number, { rejected, message }: Extract<PostResult, { kind: 'taken' }>): void {
    this.#sent.add(Math.max(0, spans - rejected));
    if (rejected > 0) this.#drop('rejected', Math.min(rejected, spans), message);
    else if (this.#lost !== undefined) {
      const dropped = this.#lost;
      this.#lost = undefined;
      this.#env.events.emit('trace.export-recovered', { url: this.#shownUrl, dropped });
      this.#env.logger.info({ url: this.#shownUrl, dropped }, 'traces reach the collector again');
    }
  }

  #drop(reason: DropReason, spans: number, why: string): void {
    if (spans === 0) return;
    this.#dropped[reason].add(spans);
    this.#trouble(why, spans);
  }

  /** Told once, until all is well again. */
  #trouble(why: string, dropped = 0): void {
    const first = this.#lost === undefined;
    this.#lost = (this.#lost ?? 0) + dropped;
    if (!first) return;
    const reason = redactText(why, 500);
    this.#env.events.emit('trace.export-failed', { url: this.#shownUrl, reason });
    this.#env.logger.warn({ url: this.#shownUrl, reason }, 'traces do not reach the collector; the service goes on');
  }
}

/** The address of a collector without a path means its usual one. */
function tracesUrl(text: string): URL {
  const url = new URL(text);
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return url;
}
