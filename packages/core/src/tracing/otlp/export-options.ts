import { integerIn, millisecondsIn, type Rule } from '@fwk/kernel';

/** Options of the export of traces. */
export interface TraceExportOptions {
  /** Of the collector, `http:` or `https:`; without a path `/v1/traces` is meant. */
  readonly url: string;
  /** Headers of each request, such as a credential. @defaultValue none */
  readonly headers: Readonly<Record<string, string>>;
  /** Spans that may wait, 1 to 100,000; further ones are dropped. @defaultValue 4096 */
  readonly maxQueuedSpans: number;
  /** Spans of one request, 1 to 10,000. @defaultValue 256 */
  readonly batchSpans: number;
  /** Longest time that spans wait for a batch to be full, 1 to 3,600,000 milliseconds. @defaultValue 5000 */
  readonly everyMs: number;
  /** Limit of one request, 1 to 600,000 milliseconds. @defaultValue 10000 */
  readonly timeoutMs: number;
  /** How long a batch is tried again, 0 to 3,600,000 milliseconds. @defaultValue 60000 */
  readonly giveUpAfterMs: number;
}

/** Defaults of {@link TraceExportOptions}. */
export const traceExportDefaults = Object.freeze({
  headers: Object.freeze({}),
  maxQueuedSpans: 4096,
  batchSpans: 256,
  everyMs: 5000,
  timeoutMs: 10_000,
  giveUpAfterMs: 60_000,
});

const url: Rule = (value) => {
  const valid = typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
  return valid ? undefined : 'an http: or https: URL';
};

const headers: Rule = (value) => {
  const valid =
    typeof value === 'object' &&
    value !== null &&
    Object.entries(value).every(([name, each]) => {
      return /^[!#$%&'*+.^_`|~\w-]{1,256}$/.test(name) && typeof each === 'string' && /^[\t\x20-\x7e]*$/.test(each);
    });
  return valid ? undefined : 'an object of header names and texts';
};

/** Rules of {@link TraceExportOptions}. */
export const traceExportRules: Readonly<Record<keyof TraceExportOptions, Rule>> = Object.freeze({
  url,
  headers,
  maxQueuedSpans: integerIn(1, 100_000),
  batchSpans: integerIn(1, 10_000),
  everyMs: millisecondsIn(1, 3_600_000),
  timeoutMs: millisecondsIn(1, 600_000),
  giveUpAfterMs: millisecondsIn(0, 3_600_000),
});
