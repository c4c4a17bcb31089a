import type { RecordedSpan } from './recorded-span.js';

/** Why a trace is kept. */
export type KeptBecause = 'sampled' | 'error' | 'slow';

/** Most spans of one trace in this process; what is beyond is counted. */
const maxSpans = 256;

/** The part of a trace that this process has: one span that was asked from outside or begun here, and all below it. */
export class LocalTrace {
  readonly spans: RecordedSpan[] = [];
  /** Spans that found no room. */
  leftOut = 0;
  failed = false;
  /** Why it is kept; undefined while its first span runs, and for one that is not. */
  because: KeptBecause | undefined = undefined;
  /** Whether it was to be recorded from the start. */
  readonly sampled: boolean;

  constructor(sampled: boolean) {
    this.sampled = sampled;
  }

  get root(): RecordedSpan {
    return this.spans[0] as RecordedSpan;
  }

  add(span: RecordedSpan): void {
    if (this.spans.length < maxSpans) this.spans.push(span);
    else this.leftOut++;
  }
}
