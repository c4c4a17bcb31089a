import type { CallContext } from '../context/call-context.js';
import type { Service } from './service.js';

/** Calls a service and turns a synchronous throw, which a service must not do but may, into a rejection. */
export function callSafely<Req, Res>(next: Service<Req, Res>, request: Req, context: CallContext): Promise<Res> {
  try {
    return next.call(request, context);
  } catch (error) {
    return Promise.reject(error);
  }
}
