/**
 * Finds out how many calls a callee bears at once and lets no more through, so that nobody has to guess a number that is
 * wrong after the next release. A queue builds up in the callee as soon as more is in flight than it can work on; from
 * then on calls take longer and no more are answered. The limit rises until that shows, and falls when it does.
 *
 * State: the limit, the places, the line and the counts by priority, one set a stack. Place: inside the breaker (a refused
 * call needs no place), outside the attempt timeout, whose time-outs tell that too much was sent. It may stand in front of
 * a client's callee or of a server's own handlers. Under overload the priority of the call (`priorityKey` in its context)
 * decides who is refused first. A call that waits leaves at once when its caller cancels or its deadline passes.
 * The place of a function that was given up but runs on stays taken until it ends.
 */
import { currentOf, type Env, type Service } from '@fwk/kernel';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { type AdaptiveLimitOptions, checkAdaptiveLimitOptions } from './adaptive-limit-options.js';
import { aimd } from './aimd.js';
import { gradient2 } from './gradient2.js';
import type { LimitHandle } from './limit-handle.js';
import type { LimitAlgorithm, LimitStrategy } from './limit-strategy.js';
import { LimitedService } from './limited-service.js';
import { vegas } from './vegas.js';

const strategies: Readonly<Record<LimitAlgorithm, () => LimitStrategy>> = Object.freeze({ gradient2, vegas, aimd });

/** The adaptive limit as a layer, with a view of what was built from it last. */
export interface AdaptiveLimitLayer extends FunctionLayer {
  /** The limit of the stack built last; undefined before any was built. `onBuilt` tells of all. */
  readonly latest: LimitHandle | undefined;
}

/**
 * Makes the layer that finds its own limit. Each `wrap` has a limit of its own.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = adaptiveLimit().wrap(fetchQuote); // rejects with LimitExceededError
 */
export function adaptiveLimit(options?: Partial<AdaptiveLimitOptions>): AdaptiveLimitLayer {
  const settings = checkAdaptiveLimitOptions(options);
  let latest: LimitHandle | undefined;
  const layer = functionLayer({
    role: 'adaptive-limit',
    options: settings,
    endsInTime: 'if-inner-does',
    describe: () => ({
      algorithm: settings.algorithm,
      initialLimit: settings.initialLimit,
      minLimit: currentOf(settings.minLimit),
      maxLimit: currentOf(settings.maxLimit),
      maxQueue: currentOf(settings.maxQueue),
      ...(currentOf(settings.newestFirstAfterMs) > 0 && {
        newestFirstAfterMs: currentOf(settings.newestFirstAfterMs),
        newestFirstWaitMs: currentOf(settings.newestFirstWaitMs),
      }),
      ...(settings.partitions === undefined ? {} : { shares: settings.partitions.shares }),
    }),
    build<Req, Res>(next: Service<Req, Res>, env: Env): Service<Req, Res> {
      const limited = new LimitedService(next, env, settings, strategies[settings.algorithm]());
      latest = limited;
      settings.onBuilt?.(limited);
      return limited;
    },
  });
  return {
    ...layer,
    get latest() {
      return latest;
    },
  };
}
