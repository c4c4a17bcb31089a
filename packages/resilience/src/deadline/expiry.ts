import {
  type CallContext,
  type Counter,
  DeadlineExceededError,
  type Env,
  emitInCall,
  type LimitFacts,
  operationKey,
} from '@fwk/kernel';
import { resilienceMetrics } from '../metrics.js';

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
    this.#exceeded = env.metrics.counter(resilienceMetrics['resilience.deadlines.exceeded'], { path: env.path });
  }

  /**
   * @param limitMs - what the layer gave the call, in milliseconds; undefined when the time was over from the start.
   * @param during - what got that time where it is only what earlier parts of the call had left, such as `the attempt`.
   * @param facts - what else is known of how the call ended.
   */
  error(context: CallContext, limitMs?: number, during?: string, facts?: LimitFacts): DeadlineExceededError {
    const what = nameOf(context, this.#env);
    this.#exceeded.add();
    emitInCall(this.#env.events, context, 'deadline.exceeded', { path: this.#env.path, what, limitMs, during });
    return new DeadlineExceededError(what, limitMs, undefined, during, facts);
  }
}
