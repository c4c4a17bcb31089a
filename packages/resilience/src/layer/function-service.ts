import { type CallContext, contextScope, currentContext, type Service, type Status } from '@fwk/kernel';
import { CallFrame } from './call-frame.js';

/** Any function; its parameters are only known to whoever wraps it. */
export type AnyFunction<Self, Args extends readonly unknown[], Result> = (this: Self, ...args: Args) => Result;

/** The same function with layers round it: same `this`, same parameters, always a promise. */
export type Wrapped<Self, Args extends readonly unknown[], Result> = (
  this: Self,
  ...args: Args
) => Promise<Awaited<Result>>;

/** Whether the layer just outside a wrapped function ends the wait on cancellation; read at each call. */
export interface Racing {
  readonly raced: boolean;
}

/**
 * The innermost service of a wrapped function. A plain function knows no contexts, so unless the layer just outside
 * already ends the wait (`raced`), it is given up here when its caller cancels.
 */
class FunctionService<Result> implements Service<CallFrame, Result> {
  readonly #fn: AnyFunction<unknown, readonly unknown[], unknown>;
  readonly #racing: Racing;

  constructor(fn: AnyFunction<unknown, readonly unknown[], unknown>, racing: Racing) {
    this.#fn = fn;
    this.#racing = racing;
  }

  call(frame: CallFrame, context: CallContext): Promise<Result> {
    if (context.cancelled) return Promise.reject(context.reason);
    // Nested calls read the deadline and cancellation of this attempt from the ambient context; switching to it costs
    // more than most layers, so it is done only where a layer has derived another one.
    const scope = context === frame.context ? undefined : contextScope(context);
    let work: Promise<Result>;
    try {
      work = scope ? scope.run(() => this.#begin(frame)) : this.#begin(frame);
    } catch (error) {
      scope?.end();
      return Promise.reject(error);
    }
    frame.began(work, scope);
    return this.#racing.raced ? work : giveUpOnCancel(frame, context, work);
  }

  status(): Status {
    return 'ready';
  }

  /** Always a promise, so that the context is the function's until its work is over. */
  #begin(frame: CallFrame): Promise<Result> {
    const answer = this.#fn.apply(frame.self, frame.args as unknown[]);
    return (answer instanceof Promise ? answer : Promise.resolve(answer)) as Promise<Result>;
  }
}

function giveUpOnCancel<Result>(frame: CallFrame, context: CallContext, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const subscription = context.onCancel(reject);
    work.then(
      (value) => {
        subscription[Symbol.dispose]();
        frame.ended(work);
        resolve(value);
      },
      (error) => {
        subscription[Symbol.dispose]();
        frame.ended(work);
        reject(error);
      },
    );
  });
}

/** The stack round each function that was wrapped. */
const stacks = new WeakMap<object, Service<CallFrame, unknown>>();

/**
 * Puts a built stack round a function. If the function is wrapped already, the new stack is put round the one that it has, so
 * that all layers see the same request, and an outer bulkhead knows of work that an inner layer has given up.
 * @param build - wraps the innermost service into the stack; runs once.
 * @param racing - whether the innermost layer itself ends the wait on cancellation.
 */
export function wrapFunction<Self, Args extends readonly unknown[], Result>(
  fn: AnyFunction<Self, Args, Result>,
  build: (innermost: Service<CallFrame, Awaited<Result>>) => Service<CallFrame, Awaited<Result>>,
  racing: Racing,
): Wrapped<Self, Args, Result> {
  const innermost =
    (stacks.get(fn) as Service<CallFrame, Awaited<Result>> | undefined) ??
    new FunctionService<Awaited<Result>>(fn as AnyFunction<unknown, readonly unknown[], unknown>, racing);
  const service = build(innermost);
  const wrapped = function (this: Self, ...args: Args): Promise<Awaited<Result>> {
    const context = currentContext();
    return service.call(new CallFrame(this, args, context), context);
  };
  stacks.set(wrapped, service);
  Object.defineProperty(wrapped, 'name', { value: fn.name, configurable: true });
  // Properties of the function are not copied: a further function, such as `axios.get`, would have none of the layers.
  Object.defineProperty(wrapped, 'length', { value: fn.length, configurable: true });
  return wrapped;
}
