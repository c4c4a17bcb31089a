/**
 * Stops calling what fails, so that callers fail fast and the callee can recover.
 *
 * State: one breaker a stack (or one a key), made by `wrap`. Place: inside retry, so that each attempt is judged and an
 * open breaker stops further attempts; outside bulkhead and attempt timeout, so that a refused call takes no place and a
 * time-out counts as a failure. One that this process noticed late counts only when it happened several times in a row with no
 * word of the callee in between. A caller who cancels counts neither way, nor does a call that a layer below refused: a full
 * bulkhead tells what the caller sends, not how the callee does. While open, `status()` reads `busy`, so that a
 * balancer goes round it, and `ready` again as soon as a probe is due.
 */
import { currentOf, type Env, type Service } from '@fwk/kernel';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { Breaker } from './breaker.js';
import { type BreakerOptions, checkBreakerOptions } from './breaker-options.js';
import { breakerSeries } from './breaker-series.js';
import { BreakerService } from './breaker-service.js';
import type { BreakerHandle } from './breaker-state.js';
import { engineShareOf } from './engine-share.js';
import { KeyedBreakerService } from './keyed-breakers.js';
import type { OpossumEngine } from './opossum.js';

/** The circuit breaker as a layer, with a view of what was built from it last. */
export interface CircuitBreakerLayer extends FunctionLayer {
  /** The breaker of the stack built last; undefined before any was built, or with `keyOf`. `onBuilt` tells of all. */
  readonly latest: BreakerHandle | undefined;
  /** The opossum object of {@link latest}. */
  readonly engine: OpossumEngine | undefined;
}

/**
 * Makes the circuit breaker layer. Each `wrap` has a breaker of its own.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = circuitBreaker({ failureRatio: 0.5 }).wrap(fetchQuote); // rejects with BreakerOpenError
 */
export function circuitBreaker(options?: Partial<BreakerOptions>): CircuitBreakerLayer {
  const settings = checkBreakerOptions(options);
  let latest: BreakerHandle | undefined;
  const layer = functionLayer({
    role: 'circuit-breaker',
    options: settings,
    endsInTime: 'if-inner-does',
    describe: () => ({
      failureRatio: currentOf(settings.failureRatio),
      minimumCalls: currentOf(settings.minimumCalls),
      ...(settings.windowCalls === undefined ? { windowMs: settings.windowMs } : { windowCalls: settings.windowCalls }),
      openMs: currentOf(settings.openMs),
      halfOpenPermits: currentOf(settings.halfOpenPermits),
      ...(currentOf(settings.halfOpenFailureRatio) === undefined
        ? { successesToClose: currentOf(settings.successesToClose) }
        : { halfOpenFailureRatio: currentOf(settings.halfOpenFailureRatio) }),
      ...(currentOf(settings.warmUpMs) === 0 ? {} : { warmUpMs: currentOf(settings.warmUpMs) }),
    }),
    build<Req, Res>(next: Service<Req, Res>, env: Env): Service<Req, Res> {
      const name = settings.name ?? (env.path || 'breaker');
      const { keyOf, metricsName } = settings;
      const series = breakerSeries(metricsName ?? name, env, keyOf !== undefined || metricsName !== undefined);
      const share = engineShareOf(env);
      if (keyOf) {
        const keyed = new KeyedBreakerService(next, env, settings, name, keyOf, series);
        if (share) share.breaker = keyed;
        return keyed;
      }
      const breaker = new Breaker(name, settings, env, series);
      latest = breaker;
      if (share) share.breaker = breaker;
      settings.onBuilt?.(breaker);
      return new BreakerService(next, breaker);
    },
  });
  return {
    ...layer,
    get latest() {
      return latest;
    },
    get engine() {
      return latest?.engine;
    },
  };
}
