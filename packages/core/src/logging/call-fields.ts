import {
  background,
  callerKey,
  currentContext,
  operationKey,
  redactText,
  type TraceContext,
  traceKey,
} from '@fwk/kernel';
import { activeOtelSpan } from '../tracing/otel.js';
import type { PlainFields } from './log-line.js';

const outside: PlainFields = Object.freeze({});
/** Operations and callers may be named by anybody. */
const longestName = 200;

/** What a line says of the call that it is logged in: trace, span, operation and caller; nothing outside any. */
export function callFields(): PlainFields {
  const context = currentContext();
  const active = activeOtelSpan();
  if (context === background) return active ? withTrace({}, active) : outside;
  const fields: Record<string, unknown> = {};
  withTrace(fields, active ?? context.get(traceKey));
  const operation = context.get(operationKey);
  if (operation !== '') fields.operation = redactText(operation, longestName);
  const caller = context.get(callerKey);
  if (caller !== undefined) fields.caller = redactText(caller, longestName);
  return fields;
}

function withTrace(fields: Record<string, unknown>, trace: TraceContext | undefined): PlainFields {
  if (trace) {
    fields.traceId = trace.traceId;
    fields.spanId = trace.spanId;
  }
  return fields;
}
