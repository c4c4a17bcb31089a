import { redact, redactText } from '@fwk/kernel';
import type { TraceContext } from '../tracing/trace-context.js';

/** Fields as plain data without secrets. */
export type PlainFields = readonly (readonly [name: string, value: unknown])[];

/** What every line has from the logger itself. */
const lineFields: readonly string[] = Object.freeze(['level', 'time', 'message', 'traceId', 'spanId']);

/**
 * Puts the fields of one line together: every name once, no secret, and nothing left to be read later, when it might
 * have changed or throw. What the line says of itself wins; a field of the same name is kept as `_name`. Of what loggers
 * and their children add the last one wins, and what the call gives wins over both.
 */
export function lineOf(
  root: PlainFields,
  added: PlainFields,
  fields: PlainFields,
  trace: TraceContext | undefined,
): Record<string, unknown> {
  const own = new Map<string, unknown>(root.filter(([name]) => !lineFields.includes(name)));
  if (trace) own.set('traceId', trace.traceId).set('spanId', trace.spanId);
  const more = new Map<string, unknown>();
  for (const [name, value] of added) more.set(name, value);
  for (const [name, value] of fields) more.set(name, value);
  const taken = new Set([...lineFields, ...own.keys()]);
  for (const [name, value] of more) {
    let free = name;
    while (taken.has(free) || (free !== name && more.has(free))) free = `_${free}`;
    own.set(free, value);
  }
  return Object.fromEntries(own);
}

/** The message without secrets; something readable for what is no text. */
export function messageText(message: unknown): string {
  if (typeof message === 'string') return redactText(message);
  const copy = redact(message);
  return copy === undefined ? '' : typeof copy === 'string' ? copy : JSON.stringify(copy);
}

/** A copy of what was given as fields, whatever it is. */
export function plainFields(fields: unknown): PlainFields {
  if (fields === undefined || fields === null) return [];
  const copy = redact(isError(fields) || typeof fields !== 'object' ? { err: fields } : fields);
  return typeof copy === 'object' && copy !== null ? Object.entries(copy) : [['err', copy]];
}

/** Also of a proxy that refuses to say what it is. */
function isError(value: unknown): boolean {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}
