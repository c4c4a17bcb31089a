/**
 * The way from one process to another: it takes time, and only what the wire carries gets across. As `@fwk/http` does it:
 * the deadline crosses as remaining time, cancelling as a closed connection, an error as a status with the mark *do not
 * retry* and the wish to be left alone for a while. Nothing else of an error object survives.
 */

import type { LoadReport, TakeReport } from '@fwk/discovery';
import { RemoteError } from '@fwk/http';
import {
  background,
  type CallContext,
  cancellable,
  doNotRetryMarks,
  isDoNotRetry,
  isFwkError,
  kernelErrors,
  markDoNotRetry,
  type Service,
  type Status,
} from '@fwk/kernel';
import { resilienceErrors } from '@fwk/resilience';
import type { Simulation } from '../engine/simulation.js';

/** How requests get to a server and answers back. */
export interface HopOptions {
  /** Name of the operation, for errors. */
  readonly operation: string;
  /** Draws the time of one way, in milliseconds. */
  readonly delayMs: () => number;
  /** What the server tells of its load on each answer, and who takes it. @defaultValue it tells nothing */
  readonly told?: { readonly load: LoadReport; readonly take: TakeReport };
}

const nothing: LoadReport = { inFlight: 0, latencyMs: 0 };

/** What a server of ours asks for when it is overloaded and does not know how long; as in `@fwk/http`. */
const OVERLOAD_WAIT_MS = 100;

/** A service as its callers in other processes see it. */
export function hop<Req, Res>(
  { clock }: Simulation,
  { operation, delayMs, told }: HopOptions,
  server: Service<Req, Res>,
): Service<Req, Res> {
  return {
    status: (): Status => 'ready',
    call(request: Req, context: CallContext): Promise<Res> {
      if (context.cancelled) return Promise.reject(context.reason);
      return new Promise<Res>((resolve, reject) => {
        const far = cancellable(background, { deadlineMs: context.deadlineMs });
        const subscription = context.onCancel((reason) => {
          clock.setTimer(far.cancel, delayMs());
          reject(reason);
        });
        const back = (settle: () => void) => {
          far[Symbol.dispose]();
          const { inFlight, latencyMs } = told?.load ?? nothing;
          clock.setTimer(() => {
            subscription[Symbol.dispose]();
            if (!context.cancelled) told?.take(inFlight, latencyMs, false);
            settle();
          }, delayMs());
        };
        clock.setTimer(() => {
          const marks = doNotRetryMarks();
          server.call(request, far.context).then(
            (answer) => back(() => resolve(answer)),
            (error) => back(() => reject(acrossTheWire(operation, error, isDoNotRetry(error, marks)))),
          );
        }, delayMs());
      });
    },
  };
}

function acrossTheWire(operation: string, error: unknown, marked: boolean): RemoteError {
  const status = statusOf(error);
  const traits = isFwkError(error) ? error.traits : undefined;
  const waitMs = traits?.retryAfterMs ?? (status === 503 ? OVERLOAD_WAIT_MS : undefined);
  const remote = new RemoteError(operation, status, undefined, waitMs);
  const final = marked || (traits?.overloaded === true && !traits.retryable);
  return final ? markDoNotRetry(remote) : remote;
}

const tables: Readonly<Record<string, { readonly status: number }>> = { ...kernelErrors, ...resilienceErrors };

function statusOf(error: unknown): number {
  if (!isFwkError(error)) return 500;
  if (error.code === 'FWK_HTTP_REMOTE') {
    const { status } = error as RemoteError;
    return status === 429 || status === 503 ? 503 : status === 504 ? 504 : 502;
  }
  return error.traits.overloaded ? 503 : (tables[error.code]?.status ?? 500);
}
