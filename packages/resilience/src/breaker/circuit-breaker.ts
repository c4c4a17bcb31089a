/**
 * Stops calling what fails, so that callers fail fast and the callee can recover.
 *
 * State: one breaker a stack (or one a key), made by `wrap`. Place: inside retry, so that each attempt is judged and an
 * open breaker stops further attempts; outside bulkhead and attempt timeout, so that a refused call takes no place and a
 * time-out counts as a failure. A caller who cancels counts neither way. While open, `status()` reads `busy`, so that a
 * balancer goes round it, and `ready` again as soon as a probe is due.
 */
import { type CallContext, currentOf, type Env, type Service, type Status } from '@fwk/kernel';
import { callSafely } from '../layer/call-safely.js';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { Breaker } from './breaker.js';
import { type BreakerOptions, checkBreakerOptions } from './breaker-options.js';
import { breakerSeries } from './breaker-series.js';
import type { BreakerHandle } from './breaker-state.js';
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
    limits: 'as-inner',
    describe: () => ({
      failureRatio: currentOf(settings.failureRatio),
      minimumCalls: currentOf(settings.minimumCalls),
      ...(settings.windowCalls === undefined ? { windowMs: settings.windowMs } : { windowCalls: settings.windowCalls }),
      openMs: currentOf(settings.openMs),
    }),
    build<Req, Res>(next: Service<Req, Res>, env: Env): Service<Req, Res> {
      const name = settings.name ?? (env.path || 'breaker');
      const breaker = new Breaker(name, settings, env, breakerSeries(name, env));
      latest = breaker;
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

class BreakerService<Req, Res> implements Service<Req, Res> {
  readonly #next: Service<Req, Res>;
  readonly #breaker: Breaker;

  constructor(next: Service<Req, Res>, breaker: Breaker) {
    this.#next = next;
    this.#breaker = breaker;
  }

  /** Hands on the inner promise itself; the breaker looks at it before whoever gets it can. */
  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    const breaker = this.#breaker;
    if (!breaker.admit()) return Promise.reject(breaker.refused());
    const { epoch } = breaker;
    const startMs = breaker.started(request);
    const work = callSafely(this.#next, request, context);
    work.then(
      (value) => breaker.answered(value, epoch, startMs, context),
      (error) => breaker.failed(error, epoch, startMs, context),
    );
    return work;
  }

  status(): Status {
    const status = this.#next.status();
    return status === 'ready' && !this.#breaker.admitting ? 'busy' : status;
  }
}
