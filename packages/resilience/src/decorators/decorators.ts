/**
 * The layers as method decorators. Several on one method form one policy in the canonical order, whatever the order in
 * which they are written. They work under `experimentalDecorators` and as standard decorators alike.
 */
import { isLive, type Live, OptionsError } from '@fwk/kernel';
import type { BreakerOptions } from '../breaker/breaker-options.js';
import type { BulkheadOptions } from '../bulkhead/bulkhead.js';
import type { CacheOptions } from '../cache/cache-options.js';
import type { CoalesceOptions } from '../coalesce/coalesce.js';
import type { TimeoutMode } from '../deadline/attempt-timeout.js';
import {
  type FallbackHandler,
  type FallbackOptions,
  type FallbackValue,
  isFallback,
} from '../fallback/fallback-options.js';
import type { HedgeOptions } from '../hedge/hedge-options.js';
import { notePrivateName } from '../policy/named-methods.js';
import type { RateLimitOptions } from '../rate/rate-limit-options.js';
import type { RetryOptions } from '../retry/retry-options.js';
import { guardMethod, type Method, type MethodOptions, methodFallback } from './method-policy.js';

/** A method that answers a promise. */
export type AsyncMethod = (...args: never[]) => Promise<unknown>;

/** A decorator for methods that answer promises, in both dialects. */
export interface ResilienceDecorator {
  /** `experimentalDecorators`. */
  <M extends AsyncMethod>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<M>): void;
  /** Standard (TC39). */
  <M extends AsyncMethod>(method: M, context: ClassMethodDecoratorContext): M;
}

/** Puts a circuit breaker round the method. @throws OptionsError when the class is defined with refused options */
export function CircuitBreaker(options: Partial<BreakerOptions> = {}): ResilienceDecorator {
  return decorator('CircuitBreaker', { breaker: optionsOf('CircuitBreaker', options) });
}

/** Tries the method again when it fails. @throws OptionsError when the class is defined with refused options */
export function Retry(options: Partial<RetryOptions> = {}): ResilienceDecorator {
  return decorator('Retry', { retry: optionsOf('Retry', options) });
}

/**
 * Limits one attempt of the method.
 * @param timeoutMs - 1 to 2^31 − 1 milliseconds.
 * @param options - `mode: 'cooperative'` tells the method by its signal and waits for it, instead of giving it up.
 * @throws OptionsError when the class is defined with a refused limit
 */
export function Timeout(
  timeoutMs: number | Live<number>,
  options: { readonly mode?: TimeoutMode } = {},
): ResilienceDecorator {
  if (typeof timeoutMs !== 'number' && !isLive(timeoutMs)) throw needsMs('Timeout');
  return decorator('Timeout', { timeoutMs, ...(options.mode === undefined ? {} : { timeoutMode: options.mode }) });
}

/**
 * Limits the whole call, retries included.
 * @param timeoutMs - 1 to 2^31 − 1 milliseconds.
 * @throws OptionsError when the class is defined with a refused limit
 */
export function Deadline(timeoutMs: number | Live<number>): ResilienceDecorator {
  if (typeof timeoutMs !== 'number' && !isLive(timeoutMs)) throw needsMs('Deadline');
  return decorator('Deadline', { deadlineMs: timeoutMs });
}

/** Bounds how many calls of the method run at once. @throws OptionsError when the class is defined with refused options */
export function Bulkhead(options: Partial<BulkheadOptions> = {}): ResilienceDecorator {
  return decorator('Bulkhead', { bulkhead: optionsOf('Bulkhead', options) });
}

/** Bounds how many attempts of the method start a second. @throws OptionsError when the class is defined with refused options */
export function RateLimit(options: Partial<RateLimitOptions> = {}): ResilienceDecorator {
  return decorator('RateLimit', { rateLimit: optionsOf('RateLimit', options) });
}

/**
 * Sends a second attempt when the first is slow.
 * @param options - `idempotent: true` among them: the method may run twice, at the same time.
 * @throws OptionsError when the class is defined with refused options
 */
export function Hedge(options: Partial<HedgeOptions> & { readonly idempotent: true }): ResilienceDecorator {
  return decorator('Hedge', { hedge: optionsOf('Hedge', options) });
}

/**
 * Gives the answer of an earlier call for a while. All instances of the class share it, so whatever of the instance
 * changes the answer belongs into the key as well.
 * @throws OptionsError when the class is defined with refused options
 */
export function Cache(options: CacheOptions): ResilienceDecorator {
  return decorator('Cache', { cache: optionsOf('Cache', options) });
}

/**
 * Makes one call of all that ask the same thing at the same time, on whichever instance of the class.
 * @throws OptionsError when the class is defined with refused options
 */
export function Coalesce(options: CoalesceOptions): ResilienceDecorator {
  return decorator('Coalesce', { coalesce: optionsOf('Coalesce', options) });
}

/**
 * Answers when the method fails.
 * @param fallback - a handler; or the name of a method of the instance (of the class, for a static one) that is one, so
 *   that it gets the error and the failed call; or `{ value }`.
 * @param options - `when` says what failures it answers, `name` how it is called in events, metrics and notes.
 * @throws OptionsError when the class is defined with refused options
 */
export function Fallback(
  fallback: string | FallbackHandler | FallbackValue,
  options?: Partial<FallbackOptions>,
): ResilienceDecorator {
  if (isPlace(options)) throw bare('Fallback');
  if (typeof fallback === 'string' ? fallback === '' : !isFallback(fallback)) {
    throw new OptionsError('@Fallback', ['it takes the name of a method, a function, or { value }']);
  }
  const given = typeof fallback === 'string' ? methodFallback(fallback) : fallback;
  return decorator('Fallback', {
    fallback: typeof given === 'function' ? { ...options, handler: given } : { ...options, ...given },
  });
}

/**
 * Takes the layers of a named policy of the application; what other decorators set stands over it. An instance without
 * a container knows no named policies and runs with the other decorators alone.
 * @throws OptionsError on a static method: its class belongs to no application
 */
export function Policy(name: string): ResilienceDecorator {
  if (typeof name !== 'string' || name === '')
    throw new OptionsError('@Policy', ["it needs the name of a policy: @Policy('payments')"]);
  return decorator('Policy', { named: name });
}

/** A decorator without parentheses is given its place: the prototype and a name, or the method and its context. */
function isPlace(second: unknown): boolean {
  return (
    typeof second === 'string' ||
    typeof second === 'symbol' ||
    (typeof second === 'object' && second !== null && 'addInitializer' in second)
  );
}

function bare(name: string): OptionsError {
  return new OptionsError(`@${name}`, [`it is a function that makes a decorator: write @${name}(), with parentheses`]);
}

function needsMs(name: string): OptionsError {
  return new OptionsError(`@${name}`, [`it needs milliseconds, or a live value of them: @${name}(800)`]);
}

/** @throws OptionsError for a method or a prototype, which a decorator without parentheses is given in the place of options */
function optionsOf<T extends object>(name: string, options: T): T {
  const isMethod = typeof options === 'function';
  const isPrototype = typeof options === 'object' && options !== null && Object.hasOwn(options, 'constructor');
  if (isMethod || isPrototype) throw bare(name);
  return options;
}

/** One function for both dialects: the standard one is called with a context object, the legacy one with a key. */
function decorator(name: string, options: MethodOptions): ResilienceDecorator {
  function decorate(target: unknown, second: unknown, descriptor?: PropertyDescriptor): unknown {
    if (typeof second === 'object' && second !== null) {
      const context = second as ClassMethodDecoratorContext;
      if (context.kind !== 'method' || typeof target !== 'function') throw misplaced(name, String(context.name));
      if (options.named !== undefined) checkNamed(name, options.named, context);
      return guardMethod(target as Method, String(context.name), name, options);
    }
    if (typeof descriptor?.value !== 'function') throw misplaced(name, String(second));
    if (options.named !== undefined && typeof target === 'function') throw classWide(name, String(second));
    descriptor.value = guardMethod(descriptor.value as Method, String(second), name, options);
    return descriptor;
  }
  return decorate as ResilienceDecorator;
}

/** A static method is called on its class, which belongs to no application, so that no named policy could ever reach it. */
function checkNamed(decorator: string, policyName: string, context: ClassMethodDecoratorContext): void {
  const key = String(context.name);
  if (context.static) throw classWide(decorator, key);
  if (!context.private) return;
  context.addInitializer(function (this: unknown) {
    notePrivateName(this as object, key, policyName);
  });
}

function classWide(name: string, key: string): OptionsError {
  return new OptionsError(`@${name} on ${key}`, [
    'it must not stand on a static method: a class belongs to no application, and applications define the policies. Set the layers on the method itself (@Retry, @CircuitBreaker, ...)',
  ]);
}

function misplaced(name: string, key: string): OptionsError {
  return new OptionsError(`@${name} on ${key}`, ['it must stand on a method, not on a field, accessor or class']);
}
