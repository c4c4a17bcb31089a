/**
 * The layers of a policy in the order in which they always stand, outermost first. Each line says in which scopes a layer may
 * stand, which layer, and why it stands here. This is the only place that knows them all: the options of a policy, their
 * checks, what configuration may hold and what is counted follow from it.
 */
import { breakerPart } from '../breaker/breaker-part.js';
import { bulkheadPart } from '../bulkhead/bulkhead-part.js';
import { cachePart } from '../cache/cache-part.js';
import { coalescePart } from '../coalesce/coalesce-part.js';
import { attemptTimeoutPart } from '../deadline/attempt-timeout-part.js';
import { deadlinePart } from '../deadline/deadline-part.js';
import { fallbackPart } from '../fallback/fallback-part.js';
import { faultPart } from '../fault/fault-part.js';
import { hedgePart } from '../hedge/hedge-part.js';
import { adaptiveLimitPart } from '../limit/adaptive-limit-part.js';
import { rateLimitPart } from '../rate/rate-limit-part.js';
import { retryPart } from '../retry/retry-part.js';
import { throttlePart } from '../throttle/throttle-part.js';
import { type PlacedPart, place } from './placed-part.js';

const lines = Object.freeze([
  place(['call', 'server'], deadlinePart, 'Bounds all below it, the fallback too: the caller’s wait has one end.'),
  place(['call'], fallbackPart, 'Sees the final error of all that is tried, refusals included.'),
  place(
    ['call'],
    cachePart,
    'A known answer costs nothing of what is below, and no fallback is kept as if it were one.',
  ),
  place(
    ['call'],
    coalescePart,
    'Misses of the cache come in crowds: all who ask the same share one call with its attempts.',
  ),
  place(
    ['call'],
    retryPart,
    'Each attempt meets what is below anew; inside the breaker it would hide failures from it.',
  ),
  place(['call'], hedgePart, 'Both attempts of a pair are one attempt to the retry, and each meets what is below.'),
  place(
    ['call', 'server'],
    rateLimitPart,
    'Attempts are what a callee gets and its quota counts, so each takes a permit.',
  ),
  place(
    ['call'],
    throttlePart,
    'Holds attempts back before the breaker: it is not to judge those that were never made.',
  ),
  place(['endpoint'], breakerPart, 'Judges each attempt, and refuses before a place is taken.'),
  place(['endpoint', 'server'], adaptiveLimitPart, 'A refused call needs no place; time-outs below teach it.'),
  place(['endpoint', 'server'], bulkheadPart, 'Waiting for a place is not the attempt’s time.'),
  place(['endpoint'], attemptTimeoutPart, 'Limits the work and nothing else.'),
  place(['endpoint', 'server'], faultPart, 'Disturbs where the callee would be slow or fail.'),
] as const);

/** The lines with their types, from which the options of a policy follow. */
export type OrderLines = typeof lines;

/** The order. */
export const canonicalOrder: readonly PlacedPart[] = lines;
