/**
 * Lets the event loop turn. A call within the process waits for nothing outside it: promises go before timers and sockets, so
 * services that keep calling each other would let neither a deadline pass nor another request in. So some calls wait for the
 * next turn: each after so many, and each that was begun within too many others, which would run out of stack.
 */

/** So many calls go one after the other. */
const callsBetween = 128;
/** So many calls may be begun within each other. */
const deepest = 16;

/** A call that is to be begun. */
export interface Begun {
  send(): void;
}

/** See the head of this file. One for all calls of a group. */
export class Turns {
  #calls = 0;
  #depth = 0;
  #waiting: Begun[] = [];

  /** Begins a call, at once or in the next turn of the event loop, and in the order in which it was asked to. */
  begin(call: Begun): void {
    if (this.#waiting.length > 0 || this.#depth >= deepest || ++this.#calls > callsBetween) this.#wait(call);
    else this.#run(call);
  }

  #run(call: Begun): void {
    this.#depth++;
    try {
      call.send();
    } finally {
      this.#depth--;
    }
  }

  #wait(call: Begun): void {
    this.#waiting.push(call);
    if (this.#waiting.length === 1) setImmediate(this.#turned);
  }

  readonly #turned = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#calls = 0;
    for (const call of waiting) this.begin(call);
  };
}
