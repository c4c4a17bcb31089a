import type { Env, Layer, Service } from '@fwk/kernel';
import { activeOtelSpan } from './otel.js';
import { childSpan, startTrace, traceKey } from './trace-context.js';

/**
 * Gives every call a span of its own, so that the callee, the log lines and the exemplars in between can be joined to
 * it. It goes on with the span that is active in OpenTelemetry, where the application uses that, else with the trace in the
 * context, and without either starts one. No state. Stands outermost for the logical call and again innermost,
 * below retry and balancer, so that each attempt is seen as one. Cancellation passes through untouched.
 */
export function tracing<Req, Res>(): Layer<Req, Res> {
  return {
    role: 'tracing',
    wrap: (next: Service<Req, Res>, env: Env): Service<Req, Res> => ({
      call(request, context) {
        if (context.cancelled) return Promise.reject(context.reason);
        const outer = activeOtelSpan() ?? context.get(traceKey);
        const span = outer ? childSpan(outer, env.random) : startTrace(env.random);
        try {
          return next.call(request, context.with({ values: [traceKey.of(span)] }));
        } catch (error) {
          return Promise.reject(error);
        }
      },
      status: (request) => next.status(request),
    }),
  };
}
