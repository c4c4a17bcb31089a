import { type CallContext, type Counter, DeadlineExceededError, type Env, operationKey } from '@fwk/kernel';

/** What a call is called in messages: its operation, else where the stack stands. */
export function nameOf(context: CallContext, env: Env): string {
  return context.get(operationKey) || env.path || 'call';
}

/** Counts and announces calls whose total time ran out, for whichever layer notices first. */
export class Expiry {
  readonly #env: Env;
  readonly #exceeded: Counter;

  constructor(env: Env) {
    this.#env = env;
    this.#exceeded = env.metrics.counter(
      { name: 'resilience.deadlines.exceeded', help: 'Calls whose total time ran out.' },
      { path: env.path },
    );
  }

  /** @param limitMs - time the call still had when it was given up on; undefined when it was over from the start. */
  error(context: CallContext, limitMs?: number): DeadlineExceededError {
    const what = nameOf(context, this.#env);
    this.#exceeded.add();
    this.#env.events.emit('deadline.exceeded', { path: this.#env.path, what, limitMs });
    return new DeadlineExceededError(what, limitMs);
  }
}
