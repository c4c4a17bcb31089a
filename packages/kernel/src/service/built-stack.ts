import type { CallContext } from '../context/call-context.js';
import { markSelfLimiting } from './self-limiting.js';
import type { Env, Layer, Service, Status } from './service.js';
import { answeredNoService, isObject, noService } from './stack-error.js';

/** What a stack builds. Dispose it when it is no longer called: its layers may keep something, such as metric series. */
export interface BuiltService<in Req, out Res> extends Service<Req, Res>, AsyncDisposable {
  /**
   * Disposes of the layers, the outermost first and each once. One that fails keeps no other from being disposed of; its
   * error, or an `AggregateError` of several, is thrown when all have been. The service that they were built round is its
   * giver's to dispose of.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A layer whatever its types are. The types between two layers of a stack cannot be told from the stack's own, so the
 * compiler does not check them where a layer is put by the role of another: whoever puts it there must see that it fits.
 */
export type AnyLayer = Layer<never, unknown, never, unknown>;

/** Something that may have to be let go of, in either way. */
export type Disposing = Partial<AsyncDisposable & Disposable>;

/**
 * Builds layers round a service.
 * @param layers - outermost first. That each takes what the one before sends was checked when the stack was put together.
 * @throws StackError `FWK_KERNEL_SERVICE_INVALID`; and what a layer throws when it is built
 */
export function build<Req, Res>(
  layers: readonly AnyLayer[],
  innermost: Service<never, unknown>,
  env: Env,
): BuiltService<Req, Res> {
  const kept: Disposing[] = [];
  try {
    const outermost = layers.reduceRight((next, layer) => {
      const made = wrapWith(layer, next, env);
      if (made !== next && isDisposing(made)) kept.unshift(made);
      return made;
    }, innermost);
    return new BuiltStack(outermost as Service<Req, Res>, kept);
  } catch (error) {
    // Nobody will use what was built so far. Errors of its disposal are dropped: why there is no stack matters more.
    disposeAll(kept).catch(() => {});
    throw error;
  }
}

/**
 * Puts one layer round a service.
 * @throws StackError `FWK_KERNEL_SERVICE_INVALID` when it answers no service; and what the layer throws
 */
export function wrapWith(layer: AnyLayer, next: Service<never, unknown>, env: Env): Service<never, unknown> {
  const made = layer.wrap(next, env);
  if (!isService(made)) throw answeredNoService(layer.role);
  return made;
}

/** Whether it can be called and asked for its status. A function has a `call` too, but not this one. */
function isService(value: unknown): value is Service<never, unknown> {
  return isObject(value) && ['call', 'status'].every((name) => typeof Reflect.get(value, name) === 'function');
}

/** @throws StackError `FWK_KERNEL_SERVICE_INVALID` for what layers cannot stand round */
export function checkService(value: unknown): asserts value is Service<never, unknown> {
  if (!isService(value)) throw noService(value);
}

/** Whether there is anything to let go of. */
export function isDisposing(service: object): service is Disposing {
  return Symbol.asyncDispose in service || Symbol.dispose in service;
}

class BuiltStack<Req, Res> implements BuiltService<Req, Res> {
  readonly #outermost: Service<Req, Res>;
  readonly #kept: readonly Disposing[];
  #disposed: Promise<void> | undefined;

  constructor(outermost: Service<Req, Res>, kept: readonly Disposing[]) {
    this.#outermost = outermost;
    this.#kept = kept;
    markSelfLimiting(this, { next: outermost });
  }

  call(request: Req, context: CallContext): Promise<Res> {
    return this.#outermost.call(request, context);
  }

  status(request?: Req): Status {
    return this.#outermost.status(request);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= disposeAll(this.#kept);
    return this.#disposed;
  }
}

/**
 * Lets go of all, one after the other. One that fails keeps no other from it.
 * @throws the error of the one that failed, or an `AggregateError` of several, when all have been tried
 */
export async function disposeAll(kept: readonly Disposing[]): Promise<void> {
  const failed: unknown[] = [];
  for (const each of kept) {
    try {
      if (each[Symbol.asyncDispose]) await each[Symbol.asyncDispose]?.();
      else each[Symbol.dispose]?.();
    } catch (error) {
      // One layer that cannot let go is no reason for the others to keep what they have.
      failed.push(error);
    }
  }
  if (failed.length === 1) throw failed[0];
  if (failed.length > 1) throw new AggregateError(failed, 'several layers could not be disposed of');
}
