/** Writes what an attempt carries beside its target and body, on any wire. Values that are the default are left out. */
import { baggageToSend } from '@fwk/core';
import { attemptKey, type CallContext, priorityKey, type TraceContext, traceKey } from '@fwk/kernel';
import { headerNames } from '../wire/headers.js';
import type { ConnectionParts } from './connection-parts.js';
import type { OperationRequest } from './operation-request.js';

/** Takes what an attempt carries, in the form of its wire. */
export interface AttemptWriter {
  /** @param name - in lower case. */
  header(name: string, value: string): void;
  trace(trace: TraceContext): void;
  /**
   * @param remainingMs - what remains of the call's deadline, rounded up to whole milliseconds.
   * @param nowMs - the moment from which they count, on the client's clock.
   */
  deadline(remainingMs: number, nowMs: number): void;
}

/** Writes what all attempts carry. The request's own headers are written by the wire, which may have encoded them before. */
export function writeAttempt(
  { idempotencyKey }: OperationRequest,
  context: CallContext,
  { clock, baggage }: Pick<ConnectionParts, 'clock' | 'baggage'>,
  out: AttemptWriter,
): void {
  const trace = context.get(traceKey);
  if (trace) {
    out.trace(trace);
    if (trace.tracestate) out.header(headerNames.tracestate, trace.tracestate);
  }
  const carried = baggage ? baggageToSend(context) : '';
  if (carried !== '') out.header(headerNames.baggage, carried);
  if (context.deadlineMs !== Number.POSITIVE_INFINITY) {
    const nowMs = clock.now();
    // Rounded up: a callee that gave up before the caller's own timer would turn its deadline into an error of the callee.
    out.deadline(Math.max(0, Math.ceil(context.deadlineMs - nowMs)), nowMs);
  }
  const attempt = context.get(attemptKey);
  if (attempt > 1) out.header(headerNames.attempt, String(attempt));
  const priority = context.get(priorityKey);
  if (priority !== 'default') out.header(headerNames.priority, priority);
  if (idempotencyKey !== undefined) out.header(headerNames.idempotencyKey, idempotencyKey);
}
