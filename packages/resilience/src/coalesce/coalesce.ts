/**
 * One call for all who ask the same thing at the same time, so that a popular key costs the callee one request and not
 * one for every caller (in Go: singleflight).
 *
 * State: the calls in flight by key, one set a stack; nothing is kept once a call has ended. Place: outside retry and
 * everything else that acts on a call, inside the cache (its misses are what comes in crowds). Each caller has its own
 * cancellation and deadline: one who leaves gets its own reason at once and disturbs nobody; when the last one leaves, the
 * shared call is cancelled. That call works with the first caller's values, but with no deadline, since others who have
 * more time may join; limits below, such as that of an attempt, hold for it. What must not run twice is never shared,
 * because two such calls mean two effects. All callers get the same object: treat it as read-only.
 */
import {
  type CallContext,
  type Clock,
  type Counter,
  callable,
  checkOptions,
  currentOf,
  type Env,
  idempotentKey,
  integerIn,
  type Live,
  note,
  type Service,
  type Status,
} from '@fwk/kernel';
import { type EngineShare, engineShareOf } from '../breaker/engine-share.js';
import { Expiry, nameOf } from '../deadline/expiry.js';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { KeyError } from '../layer/key-error.js';
import { type KeyOf, requestKey } from '../layer/request-key.js';
import { resilienceMetrics } from '../metrics.js';
import { Flight, type FlightOwner } from './flight.js';

/** Options of {@link coalesce}. */
export interface CoalesceOptions {
  /**
   * Names what is asked for: calls with equal keys are one call. It gets the request, or the arguments of the wrapped
   * function; whatever changes the answer (the user, the language) belongs into the key.
   */
  readonly keyOf: KeyOf;
  /** Keys in flight at once, 1 to 1 000 000; calls beyond are sent on their own. @defaultValue 10000 */
  readonly maxKeys?: number | Live<number> | undefined;
}

/** Defaults of {@link coalesce}. */
export const coalesceDefaults = Object.freeze({ maxKeys: 10_000 }) satisfies Partial<CoalesceOptions>;

/** Rules of {@link CoalesceOptions}. */
export const coalesceRules = Object.freeze({ keyOf: callable, maxKeys: integerIn(1, 1_000_000) });

/** The options with their defaults filled in. */
interface Settings extends CoalesceOptions {
  readonly maxKeys: number | Live<number>;
}

/**
 * Makes the layer that shares calls in flight. Each `wrap` shares among its own callers.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = coalesce({ keyOf: (sku: string) => sku }).wrap(fetchPrice); // rejects with KeyError if keyOf throws
 */
export function coalesce(options: CoalesceOptions): FunctionLayer {
  const settings = checkOptions<Settings>('coalesce', options as Partial<Settings>, coalesceDefaults, coalesceRules);
  return functionLayer({
    role: 'coalesce',
    options: settings,
    endsInTime: 'always',
    describe: () => ({ maxKeys: currentOf(settings.maxKeys) }),
    build: (next, env) => new CoalesceService(next, env, settings),
  });
}

class CoalesceService<Req, Res> implements FlightOwner<Req, Res> {
  readonly clock: Clock;
  readonly expiry: Expiry;
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #engine: EngineShare | undefined;
  readonly #options: Settings;
  readonly #flights = new Map<string, Flight<Req, Res>>();
  readonly #sent: Counter;
  readonly #joined: Counter;
  readonly #alone: Counter;

  constructor(next: Service<Req, Res>, env: Env, options: Settings) {
    this.#next = next;
    this.#env = env;
    this.#engine = engineShareOf(env);
    this.clock = env.clock;
    this.expiry = new Expiry(env);
    this.#options = options;
    const counter = (result: string) =>
      env.metrics.counter(resilienceMetrics['resilience.coalesce.calls'], { path: env.path, result });
    this.#sent = counter('sent');
    this.#joined = counter('joined');
    this.#alone = counter('alone');
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    const limited = context.deadlineMs !== Number.POSITIVE_INFINITY;
    const remainingMs = limited ? context.deadlineMs - this.clock.now() : Number.POSITIVE_INFINITY;
    if (remainingMs <= 0) return Promise.reject(this.expiry.error(context));
    let key: string | undefined;
    if (context.get(idempotentKey)) {
      try {
        key = requestKey(this.#options.keyOf, request);
      } catch (error) {
        return Promise.reject(new KeyError(nameOf(context, this.#env), error));
      }
    }
    const flight = this.#joinable(key, request, context) ?? this.#send(key, request, context);
    return flight.wait(request, context, remainingMs);
  }

  status(request?: Req): Status {
    return this.#next.status(request);
  }

  ended(flight: Flight<Req, Res>): void {
    // Another may be under way for the key already, if this one was given up.
    if (flight.key !== undefined && this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key);
  }

  #joinable(key: string | undefined, request: Req, context: CallContext): Flight<Req, Res> | undefined {
    const flight = key === undefined ? undefined : this.#flights.get(key);
    if (flight === undefined) return undefined;
    this.#joined.add();
    this.#engine?.breaker?.viewOf(request)?.answeredBefore(request, 'coalesceCacheHit');
    note(context, 'coalesced', true);
    return flight;
  }

  #send(key: string | undefined, request: Req, context: CallContext): Flight<Req, Res> {
    const shared = key !== undefined && this.#hasRoom() ? key : undefined;
    const flight = new Flight(shared, this.#next, request, context, this);
    if (shared === undefined) this.#alone.add();
    else {
      this.#sent.add();
      this.#engine?.breaker?.viewOf(request)?.missed('coalesceCacheMiss');
      this.#flights.set(shared, flight);
    }
    return flight;
  }

  #hasRoom(): boolean {
    const maxKeys = currentOf(this.#options.maxKeys);
    if (this.#flights.size < maxKeys) return true;
    this.#env.events.emit('coalesce.overflowed', { path: this.#env.path, maxKeys });
    return false;
  }
}
