import type { ServerResponse } from 'node:http';
import { type Clock, cancellable, operationKey, runInContext, settleWithin } from '@fwk/kernel';
import { ManagementRefusedError } from './problem.js';

/** Time a handler may take before the request is answered with 504, where its endpoint does not say; in milliseconds. */
export const handlerLimitMs = 10_000;

/**
 * Does the work of an endpoint. A management request is a call like any other: what the handler awaits has its limit, and is
 * cancelled when the client leaves; what it leaves behind has none.
 * @param path - below `/manage/`.
 * @throws ManagementRefusedError 504 when the time is over.
 */
export function underLimit<T>(
  { clock, path, limitMs = handlerLimitMs, response }: Limit,
  work: () => T | Promise<T>,
): Promise<T> {
  const call = cancellable(undefined, {
    deadlineMs: clock.now() + limitMs,
    values: [operationKey.of(`manage/${path}`)],
  });
  const left = () => call.cancel(new ManagementRefusedError(499, 'the client has left'));
  response.once('close', left);
  const handled = runInContext(call.context, async () => work()).finally(() => {
    response.off('close', left);
    call[Symbol.dispose]();
  });
  return settleWithin(handled, {
    clock,
    limitMs,
    inBackground: true,
    late() {
      const error = new ManagementRefusedError(504, `/manage/${path} did not answer within ${limitMs} ms`);
      call.cancel(error);
      throw error;
    },
  });
}

interface Limit {
  readonly clock: Clock;
  readonly path: string;
  readonly limitMs?: number | undefined;
  readonly response: ServerResponse;
}
