import { subscribe } from 'node:diagnostics_channel';
import type { AttemptRecord } from '../stage/messages.js';
import { nowMs } from '../stage/now.js';

/** Records every request that this process puts on the wire, as undici tells it; the list grows from now on. */
export function recordAttempts(): readonly AttemptRecord[] {
  const records: AttemptRecord[] = [];
  const open = new WeakMap<object, AttemptRecord>();
  subscribe('undici:request:create', (message) => {
    const request = requestOf(message);
    const record = { port: Number(new URL(String(request.origin)).port), startMs: nowMs(), endMs: Number.NaN };
    open.set(request, record);
    records.push(record);
  });
  const end = (message: unknown) => {
    const record = open.get(requestOf(message));
    if (record) record.endMs = nowMs();
  };
  subscribe('undici:request:trailers', end);
  subscribe('undici:request:error', end);
  return records;
}

function requestOf(message: unknown): { readonly origin: unknown } {
  return (message as { readonly request: { readonly origin: unknown } }).request;
}
