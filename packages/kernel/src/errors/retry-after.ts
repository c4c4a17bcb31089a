/** The `Retry-After` header, which web servers answer and clients read. */

/** The three forms of a date in HTTP (RFC 9110): as sent today, with a full weekday, and of C's `asctime` without a zone. */
const httpDate =
  /^(?:[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT|[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT)$/;
const asctimeDate = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

/**
 * `Retry-After` in milliseconds: whole seconds, at most a year, or a date; 0 for one that has passed. Undefined for what
 * is neither: `Date.parse` makes a date of almost any text, most often one that has passed, and a client would come back
 * at once.
 * @param wallTimeMs - now, in milliseconds since the epoch.
 */
export function readRetryAfterMs(value: unknown, wallTimeMs: number): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\d+$/.test(value)) return boundedRetryAfterMs(Number(value) * 1000);
  const date = asctimeDate.test(value) ? `${value} GMT` : httpDate.test(value) ? value : '';
  const dateMs = Date.parse(date);
  return Number.isNaN(dateMs) ? undefined : boundedRetryAfterMs(Math.max(0, dateMs - wallTimeMs));
}

/** Longest wait that is read, kept or passed on, in milliseconds: a year. */
const maxRetryAfterMs = 86_400_000 * 365;

/** A wait within bounds, in milliseconds; undefined for what is none. */
export function boundedRetryAfterMs(ms: unknown): number | undefined {
  return typeof ms === 'number' && ms >= 0 ? Math.min(ms, maxRetryAfterMs) : undefined;
}

/** `Retry-After` knows whole seconds only; it must not send clients back too early. */
export function formatRetryAfter(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}
