/**
 * The ambient context: what {@link currentContext} answers, without anybody handing it on. It follows the code of a call
 * through everything that is begun in it, also through timers, sockets and listeners, which may live much longer than the
 * call. So a context is lent for the duration of the call only: when the call is over, everything that it left behind
 * reads {@link background}, without deadline, cancellation or trace.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import { background, type CallContext } from './call-context.js';
import { isThenable } from './thenable.js';

/** One call as its code sees it; made by {@link contextScope}. */
export interface ContextScope {
  /** Runs `body` as a part of the call. May be used more than once. */
  run<T>(body: () => T): T;
  /** The call is over: from now on {@link currentContext} answers {@link background} to whatever it left behind. */
  end(): void;
}

class Scope implements ContextScope {
  /** Undefined once the call is over, so that a timer which lives on does not keep it. */
  context: CallContext | undefined;

  constructor(context: CallContext) {
    this.context = context;
  }

  run<T>(body: () => T): T {
    return storage.run(this, body);
  }

  end(): void {
    this.context = undefined;
  }
}

const storage = new AsyncLocalStorage<Scope | undefined>();

/** The context of the call that this code is a part of; {@link background} outside any, and once that call is over. */
export function currentContext(): CallContext {
  return storage.getStore()?.context ?? background;
}

/**
 * Runs `body` as a call with this context: {@link currentContext} answers it in the body and in all that it awaits. The
 * call is over when the body returns or throws, or, if it returns a promise, when that settles.
 * @example await runInContext(background.with({ deadlineMs: clock.now() + 500 }), () => client.stock({ params }));
 */
export function runInContext<T>(context: CallContext, body: () => T): T {
  const scope = new Scope(context);
  const end = () => scope.end();
  let answer: T;
  try {
    answer = storage.run(scope, body);
  } catch (error) {
    end();
    throw error;
  }
  if (types.isPromise(answer)) answer.then(end, end);
  // Calling `then` of another kind of promise may start its work (query builders do so). It is left alone, and keeps the context.
  else if (!isThenable(answer)) end();
  return answer;
}

/**
 * For owners of calls that end elsewhere than in the function which begins them, such as servers: `run` enters the call,
 * `end` says that it is over. Everybody else uses {@link runInContext}.
 */
export function contextScope(context: CallContext): ContextScope {
  return new Scope(context);
}

/**
 * The call that this code is a part of, so that what is begun outside it (a timer that several calls share) can enter it again;
 * undefined outside any.
 */
export function currentScope(): ContextScope | undefined {
  return storage.getStore();
}

/**
 * Runs `body` as a part of no call: what begins in it (a poller, a connection, a cache that is loaded once for all) has
 * no deadline, is not cancelled with the caller and does not belong to its trace.
 * @example detached(() => setInterval(() => client.refresh(), 1000));
 */
export function detached<T>(body: () => T): T {
  return storage.getStore() === undefined ? body() : storage.run(undefined, body);
}
