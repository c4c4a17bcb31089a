import {
  callSafely,
  type Env,
  isFwkError,
  type Layer,
  messageOf,
  operationKey,
  type Service,
  traceKey,
} from '@fwk/kernel';
import { beginSpan, spanAbove } from './begin-span.js';

/**
 * Gives every call a span of its own, so that the callee, the log lines and the exemplars in between can be joined to
 * it. It goes on with the span that is active in OpenTelemetry, where the application uses that, else with the trace in the
 * context, and without either starts one. No state. Stands outermost for the logical call and again innermost,
 * below retry and balancer, so that each attempt is seen as one. Cancellation passes through untouched; a call that was
 * cancelled has not failed.
 */
export function tracing<Req, Res>(): Layer<Req, Res> {
  return {
    role: 'tracing',
    wrap: (next: Service<Req, Res>, env: Env): Service<Req, Res> => ({
      call(request, context) {
        if (context.cancelled) return Promise.reject(context.reason);
        const name = context.get(operationKey) || env.path || 'call';
        const trace = beginSpan(env, name, 'internal', spanAbove(context), env.clock.now());
        const answered = callSafely(next, request, context.with({ values: [traceKey.of(trace)] }));
        const { span } = trace;
        if (!span) return answered;
        return answered.then(
          (answer) => {
            span.end(env.clock.now());
            return answer;
          },
          (error) => {
            span.end(env.clock.now(), context.cancelled ? undefined : failureOf(error));
            throw error;
          },
        );
      },
      status: (request) => next.status(request),
    }),
  };
}

function failureOf(error: unknown) {
  const name = error instanceof Error ? error.name : '_OTHER';
  return { type: isFwkError(error) ? error.code : name, message: messageOf(error) };
}
