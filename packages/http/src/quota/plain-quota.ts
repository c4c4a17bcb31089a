/**
 * Quotas in three headers, a number in each: `RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset` of the IETF's drafts up to 06, and
 * the older ones with `X-`. Nobody has said what their reset is: seconds from now, or seconds or milliseconds of the epoch. It is told by
 * its size. Moments of the epoch are compared with the callee's own clock where the answer has a `Date`.
 */
import type { QuotaNews } from '@fwk/resilience';

/** Longest time until a reset that is believed, in milliseconds: a month, and a day for the clock. */
export const LONGEST_RESET_MS = 32 * 86_400_000;

const families = ['ratelimit', 'x-ratelimit', 'x-rate-limit'] as const;
/** More seconds than any quota lasts: it is a moment of the epoch. */
const FIRST_EPOCH_SECOND = 1_000_000_000;
const FIRST_EPOCH_MS = 100_000_000_000;

/** The quota that the headers tell; none where what they say makes no sense. */
export function plainQuota(header: (name: string) => string | undefined, wallTimeMs: number): readonly QuotaNews[] {
  for (const family of families) {
    const remaining = numberIn(header(`${family}-remaining`));
    const resetMs = resetOf(family, header, wallTimeMs);
    if (remaining === undefined || resetMs === undefined) continue;
    const limit = numberIn(header(`${family}-limit`)?.split(',', 1)[0]?.split(';', 1)[0]);
    return [
      { name: '', remaining: Math.floor(remaining), resetMs, ...(limit !== undefined && { limit: Math.floor(limit) }) },
    ];
  }
  return [];
}

function resetOf(family: string, header: (name: string) => string | undefined, wallTimeMs: number): number | undefined {
  const after = numberIn(header(`${family}-reset-after`));
  const reset = numberIn(header(`${family}-reset`));
  if (after !== undefined) return believed(after * 1000);
  if (reset === undefined) return undefined;
  if (reset < FIRST_EPOCH_SECOND) return believed(reset * 1000);
  const epochMs = reset < FIRST_EPOCH_MS ? reset * 1000 : reset;
  return believed(Math.max(0, epochMs - calleeTime(header('date'), wallTimeMs)));
}

const httpDate = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

/** What the callee's clock shows, or ours where it does not say. */
function calleeTime(date: string | undefined, wallTimeMs: number): number {
  const dateMs = date !== undefined && httpDate.test(date) ? Date.parse(date) : Number.NaN;
  return Number.isNaN(dateMs) ? wallTimeMs : dateMs;
}

function believed(ms: number): number | undefined {
  return ms <= LONGEST_RESET_MS ? ms : undefined;
}

/** A number that is not negative, as headers write it. */
function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d{1,15}(?:\.\d{1,6})?\s*$/.test(text) ? Number(text) : undefined;
}
