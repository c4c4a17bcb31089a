import type { CallContext, Layer, Service } from '@fwk/kernel';

/**
 * Retry as people write it by hand: any error is tried again at once, so many times in all, whatever others have tried
 * already. The yardstick that ours is compared with.
 */
export function naiveRetry<Req, Res>(maxAttempts: number): Layer<Req, Res> {
  return {
    role: 'naive-retry',
    wrap: (next: Service<Req, Res>) => ({
      status: (request) => next.status(request),
      async call(request: Req, context: CallContext): Promise<Res> {
        for (let attempt = 1; ; attempt++) {
          try {
            return await next.call(request, context);
          } catch (error) {
            if (attempt === maxAttempts || context.cancelled) throw error;
          }
        }
      },
    }),
  };
}
