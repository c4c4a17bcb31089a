/**
 * Requests that somebody watches through undici's diagnostics channels, as OpenTelemetry's instrumentation does: it adds a
 * `traceparent` of its own beside ours, and a receiver of two reads none. So of the two one is taken back before the request
 * is written: ours, unless theirs is of another trace and ours is one that is recorded.
 *
 * Costs nothing where nobody watches. Requests of others are left alone.
 */
import { channel, subscribe } from 'node:diagnostics_channel';
import { runInOtel, sampledFlag, type TraceContext } from '@fwk/core';
import { headerNames } from '../wire/headers.js';

const CREATED = 'undici:request:create';
const created = channel(CREATED);
/** Requests sent and not yet created: those that wait in a pool, or failed before. Of more than this the oldest are forgotten. */
const MAX_WAITING = 10_000;

/** What is used of a request on the channel. Source: undici, docs/api/DiagnosticsChannel.md */
interface CreatedRequest {
  /** Names and values in turn. */
  headers: unknown;
  addHeader?(name: string, value: string): unknown;
}

/** Our traces, by the `traceparent` that their requests carry. */
const waiting = new Map<string, TraceContext>();
let subscribed = false;

/** Whether somebody may add to requests. */
export function areWatched(): boolean {
  return created.hasSubscribers;
}

/**
 * Sends a request so that one `traceparent` goes out with it.
 * @param traceparent - as it stands among its headers.
 */
export function sendWatched(trace: TraceContext, traceparent: string, send: () => void): void {
  if (!subscribed) {
    subscribed = true;
    subscribe(CREATED, (message) => settle((message as { readonly request: CreatedRequest }).request));
  }
  if (waiting.size >= MAX_WAITING) {
    for (const oldest of waiting.keys()) {
      waiting.delete(oldest);
      break;
    }
  }
  waiting.set(traceparent, trace);
  // Nobody records a trace that is not sampled, so whoever watches may as well begin one that is.
  if (trace.flags & sampledFlag) runInOtel(trace, send);
  else send();
}

function settle(request: CreatedRequest): void {
  const { headers } = request;
  if (waiting.size === 0 || !Array.isArray(headers)) return;
  const parents = valuesOf(headers, headerNames.traceparent);
  const ours = parents.find((value) => waiting.has(value));
  const trace = ours === undefined ? undefined : waiting.get(ours);
  if (ours === undefined || !trace) return;
  waiting.delete(ours);
  const theirs = parents.find((value) => value !== ours);
  if (theirs === undefined) watchAdding(request, headers, trace);
  else if (isBetter(theirs, trace)) takeBack(headers, 'first');
  else takeBack(headers, 'last');
}

/** Who subscribed after us adds after us. */
function watchAdding(request: CreatedRequest, headers: unknown[], trace: TraceContext): void {
  const add = request.addHeader;
  if (typeof add !== 'function') return;
  let refused = false;
  request.addHeader = (name, value) => {
    const lower = name.toLowerCase();
    if (lower === headerNames.traceparent) {
      refused = !isBetter(value, trace);
      if (!refused) takeBack(headers, 'first');
    }
    if (refused && (lower === headerNames.traceparent || lower === headerNames.tracestate)) return request;
    return add.call(request, name, value);
  };
}

/** Takes out one `traceparent`, and with it the `tracestate` behind it. Ours stand first: others add behind. */
function takeBack(headers: unknown[], which: 'first' | 'last'): void {
  const at: number[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    if (isNamed(headers, index, headerNames.traceparent)) at.push(index);
  }
  const index = at.at(which === 'first' ? 0 : -1);
  if (index === undefined) return;
  const end = which === 'first' ? (at[1] ?? headers.length) : headers.length;
  for (let next = end - 2; next > index; next -= 2) {
    if (isNamed(headers, next, headerNames.tracestate)) headers.splice(next, 2);
  }
  headers.splice(index, 2);
}

function valuesOf(headers: readonly unknown[], name: string): string[] {
  return headers.filter((_, index) => index % 2 === 1 && isNamed(headers, index - 1, name)).map(String);
}

function isNamed(headers: readonly unknown[], index: number, name: string): boolean {
  return String(headers[index]).toLowerCase() === name;
}

function isBetter(theirs: string, { traceId, flags }: TraceContext): boolean {
  const sameTrace = theirs.slice(3, 35) === traceId;
  const sampled = (Number.parseInt(theirs.slice(53, 55), 16) & sampledFlag) !== 0;
  return sameTrace || (sampled && (flags & sampledFlag) === 0);
}
