import type { CallContext } from '../context/call-context.js';
import type { Service } from './service.js';

/** Makes a service of a function, synchronous or not; what it throws becomes a rejection. */
export function serviceOf<Req, Res>(
  handle: (request: Req, context: CallContext) => Promise<Res> | Res,
): Service<Req, Res> {
  return {
    // async, so that a synchronous throw cannot reach the caller.
    call: async (request, context) => handle(request, context),
    status: () => 'ready',
  };
}
