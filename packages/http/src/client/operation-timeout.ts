/**
 * The attempt timeout, with the time that the contract gives an operation where it gives one. State: none beyond the
 * call. Place and cancellation are those of the attempt timeout itself.
 */
import type { CallContext, Env, Layer, Live, Service } from '@fwk/kernel';
import { attemptTimeout } from '@fwk/resilience';
import type { OperationPlan } from '../contract/contract.js';
import type { OperationRequest, OperationResponse } from './operation-request.js';

/**
 * Makes the layer.
 * @param timeoutMs - for operations whose contract gives no time.
 */
export function operationTimeout(
  timeoutMs: number | Live<number>,
  plans: readonly OperationPlan[],
): Layer<OperationRequest, OperationResponse> {
  const usual = attemptTimeout({ timeoutMs });
  const own = new Map(
    plans.flatMap((plan) =>
      plan.timeoutMs === undefined ? [] : [[plan.timeoutMs, attemptTimeout({ timeoutMs: plan.timeoutMs })] as const],
    ),
  );
  return {
    role: usual.role,
    describe: () => ({ ...usual.describe(), ...(own.size > 0 && { ofOperations: [...own.keys()].join(', ') }) }),
    wrap(next: Service<OperationRequest, OperationResponse>, env: Env) {
      const limited = usual.wrap(next, env);
      if (own.size === 0) return limited;
      const byTime = new Map([...own].map(([ownMs, layer]) => [ownMs, layer.wrap(next, env)]));
      return {
        call(request: OperationRequest, context: CallContext) {
          const { timeoutMs: ownMs } = request.operation.plan;
          return ((ownMs !== undefined && byTime.get(ownMs)) || limited).call(request, context);
        },
        status: (request) => next.status(request),
      };
    },
  };
}
