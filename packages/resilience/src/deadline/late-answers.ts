import { type CallContext, type Counter, type Env, emitInCall } from '@fwk/kernel';
import { resilienceMetrics } from '../metrics.js';
import { nameOf } from './expiry.js';

/** Counts and announces answers that come when their call has been given up, for whichever layer drops them. */
export class LateAnswers {
  readonly #env: Env;
  readonly #late: Counter;

  constructor(env: Env) {
    this.#env = env;
    this.#late = env.metrics.counter(resilienceMetrics['resilience.attempts.late'], { path: env.path });
  }

  /** One answer was dropped. */
  add(context: CallContext): void {
    this.#late.add();
    emitInCall(this.#env.events, context, 'attempt.answered-late', {
      path: this.#env.path,
      what: nameOf(context, this.#env),
    });
  }
}
