/**
 * Asks a few endpoints for their load at the same time, and waits until all have answered, one has answered that it is idle, or
 * the time is over. What comes later still counts for the next choice; what has not come a second later is given up.
 */
import {
  background,
  type CallContext,
  type Cancellation,
  CancelledError,
  type Clock,
  cancellationUnder,
  type Timer,
} from '@fwk/kernel';
import type { Candidate } from './balancer.js';
import { Undecided } from './undecided.js';

/** How long an answer may take before it is given up, in milliseconds. */
const GIVE_UP_MS = 1000;

/** Who asks. */
export interface Asker {
  readonly clock: Clock;
  /** How long the call waits, in milliseconds. */
  readonly waitMs: number;
  /** Whether what a candidate has just answered is so good that the others need not be waited for. */
  suffices(candidate: Candidate): boolean;
  /** The best by what is known. */
  best(drawn: readonly Candidate[], nowMs: number): Candidate;
}

/** See the head of this file. */
export class LoadQuestion extends Undecided {
  readonly #asker: Asker;
  readonly #drawn: readonly Candidate[];
  readonly #asked: readonly Candidate[];

  /**
   * @param drawn - to choose from.
   * @param asked - those of them that are asked.
   */
  constructor(asker: Asker, drawn: readonly Candidate[], asked: readonly Candidate[], nowMs: number) {
    super(asker.best(drawn, nowMs));
    this.#asker = asker;
    this.#drawn = drawn;
    this.#asked = asked;
  }

  decide(context: CallContext): Promise<Candidate> {
    return new Promise((resolve, reject) => {
      new Asking(this.#asker, this.#drawn, context, resolve, reject).begin(this.#asked);
    });
  }
}

class Asking {
  readonly #asker: Asker;
  readonly #drawn: readonly Candidate[];
  readonly #cancellation: Cancellation;
  readonly #resolve: (chosen: Candidate) => void;
  readonly #subscription: Disposable;
  #left = 0;
  #decided = false;
  #timer: Timer | undefined;

  constructor(
    asker: Asker,
    drawn: readonly Candidate[],
    context: CallContext,
    resolve: (chosen: Candidate) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#asker = asker;
    this.#drawn = drawn;
    this.#resolve = resolve;
    this.#cancellation = cancellationUnder(context);
    this.#subscription = this.#cancellation.onCancel((reason) => {
      this.#stopTimer();
      if (this.#decided) return;
      this.#decided = true;
      reject(reason);
    });
  }

  begin(asked: readonly Candidate[]): void {
    // No part of the call: nothing of its trace, priority or deadline is sent along.
    const context = background.with({ cancellation: this.#cancellation });
    for (const candidate of asked) {
      const answered = candidate.probe?.(context);
      if (!answered) continue;
      this.#left++;
      void answered.then(() => this.#answered(candidate));
    }
    if (this.#left === 0) this.#decide();
    else if (!this.#decided) this.#wait(() => this.#decide(), this.#asker.waitMs, false);
  }

  #answered(candidate: Candidate): void {
    this.#left--;
    if (this.#left === 0 || (!this.#decided && this.#asker.suffices(candidate))) this.#decide();
  }

  #decide(): void {
    this.#stopTimer();
    if (this.#left === 0) this.#over();
    else this.#wait(() => this.#cancellation.cancel(new CancelledError('a probe was not answered')), GIVE_UP_MS, true);
    if (this.#decided) return;
    this.#decided = true;
    this.#resolve(this.#asker.best(this.#drawn, this.#asker.clock.now()));
  }

  #wait(then: () => void, ms: number, inBackground: boolean): void {
    this.#timer = this.#asker.clock.setTimer(then, ms, inBackground);
  }

  #over(): void {
    this.#stopTimer();
    this.#subscription[Symbol.dispose]();
    this.#cancellation[Symbol.dispose]();
  }

  #stopTimer(): void {
    if (this.#timer) this.#asker.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
