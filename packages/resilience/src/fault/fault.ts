/**
 * Makes some calls slow, fail, break off or answer something made up on purpose, to see in a test or an exercise that everything above copes.
 *
 * State: whether it is on, one a stack. Place: innermost, inside the attempt timeout, where a callee would be slow or fail.
 * Off unless switched on, and loud while it is on: a warning as soon as it is built or switched, in the log or else by the
 * process, an event and a metric for each fault. Which calls are met is drawn from `env.random`, so a seed repeats an
 * exercise. An injected pause ends at once with the caller's own reason on cancellation, and by the deadline. A live
 * `enabled` has one listener a layer, which keeps no stack alive.
 */
import {
  abandonOnCancel,
  type CallContext,
  type Counter,
  callSafely,
  cancellable,
  currentOf,
  type Env,
  emitInCall,
  type Gauge,
  isLive,
  type LogFields,
  messageOf,
  noLogger,
  type Service,
  type Status,
  sleep,
} from '@fwk/kernel';
import { Expiry, nameOf } from '../deadline/expiry.js';

import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { askedOf } from '../layer/judge-call.js';
import { WeakHandles } from '../layer/weak-handles.js';
import { resilienceMetrics } from '../metrics.js';
import { FaultInjectedError } from './fault-injected-error.js';
import { checkFaultOptions, type FaultOptions, type FaultSettings } from './fault-options.js';

/**
 * Makes the layer that injects faults. A live `enabled` may be switched at any time.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = faultInjection({ enabled: true, ratio: 0.1, latencyMs: 500 }).wrap(fetchQuote);
 */
export function faultInjection(options: FaultOptions): FunctionLayer {
  const settings = checkFaultOptions(options);
  const { enabled } = settings;
  const built = new WeakHandles<Switched>();
  let followed = false;
  /** Not before something is built: layers are also made only to check their options. */
  const followSwitch = () => {
    if (followed || !isLive(enabled)) return;
    followed = true;
    enabled.subscribe(() => {
      for (const service of built.alive) service.follow();
    });
  };
  return functionLayer({
    role: 'fault-injection',
    options: settings,
    endsInTime: 'if-inner-does',
    describe: () => factsOf(settings),
    build(next, env) {
      const service = new FaultService(next, env, settings);
      built.add(service);
      followSwitch();
      return service;
    },
  });
}

interface Switched {
  /** Whether it is on now; says so when that has changed. */
  follow(): boolean;
}

function factsOf({
  enabled,
  ratio,
  latencyMs,
  error,
  result,
  abort,
}: FaultSettings): Readonly<Record<string, unknown>> {
  return {
    enabled: currentOf(enabled),
    ratio: currentOf(ratio),
    latencyMs: currentOf(latencyMs),
    error: error !== false,
    result: result !== undefined,
    abort,
  };
}

class FaultService<Req, Res> implements Service<Req, Res>, Switched, Disposable {
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #options: FaultSettings;
  readonly #expiry: Expiry;
  readonly #injected: Counter;
  readonly #state: Gauge;
  #on = false;
  #takenOut = false;

  constructor(next: Service<Req, Res>, env: Env, options: FaultSettings) {
    this.#next = next;
    this.#env = env;
    this.#options = options;
    this.#expiry = new Expiry(env);
    const { metrics, path } = env;
    this.#injected = metrics.counter(resilienceMetrics['resilience.faults.injected'], { path });
    this.#state = metrics.gauge(resilienceMetrics['resilience.faults.enabled'], { path });
    this.follow();
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    if (!this.follow() || !this.#hits(request, context)) return callSafely(this.#next, request, context);
    const { error, result, abort } = this.#options;
    const latencyMs = currentOf(this.#options.latencyMs);
    this.#injected.add();
    emitInCall(this.#env.events, context, 'fault.injected', {
      path: this.#env.path,
      latencyMs,
      error: error !== false,
      result: result !== undefined,
      abort,
    });
    return abort ? this.#cutOff(request, context, latencyMs) : this.#disturb(request, context, latencyMs);
  }

  status(request?: Req): Status {
    return this.#next.status(request);
  }

  follow(): boolean {
    const on = !this.#takenOut && currentOf(this.#options.enabled);
    if (on === this.#on) return on;
    this.#on = on;
    this.#state.set(on ? 1 : 0);
    const { events, path } = this.#env;
    const facts = { path, ...factsOf(this.#options), enabled: on };
    this.#warn(facts, `fault injection is ${on ? 'on: calls will be disturbed on purpose' : 'off again'}`);
    if (on) events.emit('fault.switched-on', facts);
    else events.emit('fault.switched-off', facts);
    return on;
  }

  /** For a policy whose options change, when they ask for this layer no more. */
  [Symbol.dispose](): void {
    this.#takenOut = true;
    this.follow();
  }

  /** Nobody is to find out from failed calls that they fail on purpose. */
  #warn(facts: LogFields, message: string): void {
    const { logger, path } = this.#env;
    if (logger !== noLogger) logger.warn(facts, message);
    else process.emitWarning(path === '' ? message : `${path}: ${message}`, { type: 'FwkFaultWarning' });
  }

  /** A broken `match` must not become a fault that nobody asked for. */
  #hits(request: Req, context: CallContext): boolean {
    const match = this.#options.match as ((request: unknown, context: CallContext) => boolean) | undefined;
    try {
      if (match && !match(askedOf(request), context)) return false;
    } catch (error) {
      const { logger, events, path } = this.#env;
      logger.error({ err: error, path }, 'the match of a fault injection threw; the call was left alone');
      events.emit('fault.match-failed', { path, error: messageOf(error) });
      return false;
    }
    return this.#env.random() < currentOf(this.#options.ratio);
  }

  async #disturb(request: Req, context: CallContext, latencyMs: number): Promise<Res> {
    await this.#pause(context, latencyMs);
    const { error, result } = this.#options;
    if (typeof error === 'function') throw error();
    if (error) throw new FaultInjectedError(nameOf(context, this.#env), 'error');
    if (typeof result === 'function') {
      const ask = async () => (await result(askedOf(request), context)) as Res;
      // Somebody's function, which need not listen to its context.
      return abandonOnCancel(context, ask());
    }
    if (result !== undefined) return result as Res;
    return callSafely(this.#next, request, context);
  }

  /** Whatever the callee answers before is dropped: the connection broke on the way back. */
  async #cutOff(request: Req, context: CallContext, latencyMs: number): Promise<Res> {
    const own = cancellable(context);
    const work = callSafely(this.#next, request, own.context);
    work.catch(() => {});
    try {
      await this.#pause(context, latencyMs);
      throw new FaultInjectedError(nameOf(context, this.#env), 'abort');
    } catch (reason) {
      own.cancel(reason);
      throw reason;
    } finally {
      own[Symbol.dispose]();
    }
  }

  async #pause(context: CallContext, latencyMs: number): Promise<void> {
    if (latencyMs === 0) return;
    const remainingMs = context.deadlineMs - this.#env.clock.now();
    await sleep(this.#env.clock, Math.min(latencyMs, remainingMs), context);
    if (latencyMs >= remainingMs) throw this.#expiry.error(context, remainingMs, 'an injected pause');
  }
}
