/**
 * The headers that calls carry, beside what HTTP itself and W3C trace context define. What comes in is read strictly and
 * bounded; what cannot be read counts as absent.
 */
import type { Priority } from '@fwk/kernel';

/** Names as they go over the wire. */
export const headerNames = Object.freeze({
  /** Milliseconds that remain of the call's deadline. */
  deadlineMs: 'fwk-deadline-ms',
  /** Which attempt of the logical call this is; the first is 1. */
  attempt: 'fwk-attempt',
  priority: 'fwk-priority',
  /** Name of the calling service. */
  caller: 'fwk-caller',
  /** `no` on an answer: trying again is useless, somebody below has done it. */
  retry: 'fwk-retry',
  /** On an answer, how busy the server is: calls in flight and latency; see `load-text.ts`. */
  load: 'fwk-load',
  /** `1` on a request that is a copy: nobody waits for its answer. */
  shadow: 'fwk-shadow',
  /** `marked` on a request for a stream, and on its answer: how the stream ends is marked. */
  stream: 'fwk-stream',
  /** The last item of a stream that the caller has. */
  lastEventId: 'last-event-id',
  idempotencyKey: 'idempotency-key',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  baggage: 'baggage',
});

/** A header as Node hands it over. */
export type HeaderValue = string | readonly string[] | undefined;

/** Milliseconds that remain; undefined when absent or unreadable. */
export function readDeadlineMs(value: HeaderValue): number | undefined {
  return readInteger(value, 2 ** 31 - 1);
}

/** The attempt; 1 when absent or unreadable. */
export function readAttempt(value: HeaderValue): number {
  return Math.max(1, readInteger(value, 1000) ?? 1);
}

/** The priority; undefined when absent or unknown. */
export function readPriority(value: HeaderValue): Priority | undefined {
  switch (value) {
    case 'critical':
    case 'default':
    case 'sheddable':
    case 'background':
      return value;
    default:
      return undefined;
  }
}

/** Who calls; undefined when absent or not a plain name of at most 128 characters. */
export function readCaller(value: HeaderValue): string | undefined {
  return typeof value === 'string' && /^[\w.:@/-]{1,128}$/.test(value) ? value : undefined;
}

/** An `Idempotency-Key`: a quoted string (RFC 8941) of 1 to 255 characters. */
export function readIdempotencyKey(value: HeaderValue): string | undefined {
  if (typeof value !== 'string' || value.length > 512) return undefined;
  const match = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"$/.exec(value);
  const key = match?.[1]?.replace(/\\(["\\])/g, '$1');
  return key !== undefined && isIdempotencyKey(key) ? key : undefined;
}

/** Whether a text can be an idempotency key: 1 to 255 printable ASCII characters. */
export function isIdempotencyKey(key: string): boolean {
  return /^[\x20-\x7e]{1,255}$/.test(key);
}

/** The header of a key. */
export function formatIdempotencyKey(key: string): string {
  return `"${key.replace(/["\\]/g, '\\$&')}"`;
}

function readInteger(value: HeaderValue, max: number): number | undefined {
  if (typeof value !== 'string' || value.length === 0 || value.length > 10) return undefined;
  let number = 0;
  for (let index = 0; index < value.length; index++) {
    const digit = value.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return Math.min(number, max);
}
