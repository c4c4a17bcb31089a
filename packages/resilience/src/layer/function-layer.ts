import { checkService, defaultEnv, type Env, markSelfLimiting, reportRefusals, type Service } from '@fwk/kernel';
import { type AnyFunction, type Racing, type Wrapped, wrapFunction } from './function-service.js';

/**
 * A layer that fits any service, and any function as well. Every layer of this package is one.
 *
 * `wrap(fn)` keeps `this` and the parameters and reads cancellation and deadline from `currentContext()`; the layer's
 * state is made by that one `wrap` and shared by all calls of the function it answers.
 */
export interface FunctionLayer {
  /** What it is: `retry`, `circuit-breaker`. */
  readonly role: string;
  /**
   * @param env - where time, randomness, events and metrics come from. @defaultValue the process's own, nothing recorded
   * @throws StackError `FWK_KERNEL_SERVICE_INVALID` for what is neither a function nor a service
   */
  wrap<Self, Args extends readonly unknown[], Result>(
    fn: AnyFunction<Self, Args, Result>,
    env?: Env,
  ): Wrapped<Self, Args, Result>;
  wrap<Req, Res>(next: Service<Req, Res>, env: Env): Service<Req, Res>;
  /** The settings as they are now. */
  describe(): Readonly<Record<string, unknown>>;
}

/** What a layer is made of. */
export interface LayerParts {
  readonly role: string;
  /** The checked options, where it has any: when a live one is refused, the log and the events of the stack say so. */
  readonly options?: object;
  /** Makes the layer's state and service; runs once a stack. */
  build<Req, Res>(next: Service<Req, Res>, env: Env): Service<Req, Res>;
  describe(): Readonly<Record<string, unknown>>;
  /**
   * Whether a call ends when its context is cancelled and when its deadline passes. `always`: the layer sees to it, whatever
   * is below; a wrapped function is given up in time too. `if-inner-does`: the layer adds no waiting of its own. `varies`:
   * nothing is promised.
   */
  readonly endsInTime: 'always' | 'if-inner-does' | 'varies';
  /** Where `endsInTime` varies: whether a wrapped function is given up in time at the moment. */
  readonly racing?: Racing;
  /** Used where `wrap` is given none. @defaultValue the process's own, nothing recorded */
  readonly env?: Env | undefined;
}

/** Makes a layer of its parts. */
export function functionLayer(parts: LayerParts): FunctionLayer {
  function wrap<Self, Args extends readonly unknown[], Result>(
    fn: AnyFunction<Self, Args, Result>,
    env?: Env,
  ): Wrapped<Self, Args, Result>;
  function wrap<Req, Res>(next: Service<Req, Res>, env: Env): Service<Req, Res>;
  function wrap(target: AnyFunction<unknown, readonly unknown[], unknown> | Service<unknown, unknown>, env?: Env) {
    const given = env ?? parts.env ?? defaultEnv;
    const { endsInTime } = parts;
    const build = <Req, Res>(next: Service<Req, Res>) => {
      if (parts.options) reportRefusals(parts.options, given);
      const service = parts.build(next, given);
      if (endsInTime === 'always') markSelfLimiting(service);
      else if (endsInTime === 'if-inner-does' && service !== next) markSelfLimiting(service, { next });
      return service;
    };
    if (typeof target !== 'function') {
      checkService(target);
      return build(target);
    }
    return wrapFunction(target, build, parts.racing ?? { raced: endsInTime === 'always' });
  }
  return { role: parts.role, wrap, describe: parts.describe };
}
