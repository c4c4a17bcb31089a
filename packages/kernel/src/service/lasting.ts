/**
 * Answers that go on after they were given, such as streams. Whoever counts calls under way (balancers, bulkheads, limits, a
 * server that drains) counts such a call until its answer has ended, and whoever judges calls hears how it ended. All other
 * layers are done when the answer begins: a stream has begun with its first item.
 */

/** How an answer that went on has ended: well where this is undefined, else with what it failed by. */
export type AnswerEnd = { readonly error: unknown } | undefined;

/** Where an answer says that it goes on. Registered, so that a second copy of this package sees it too. */
export const lastingKey: unique symbol = Symbol.for('@fwk/kernel/lasting') as never;

/** An answer that goes on. */
export interface Lasting {
  /** Calls `over` once when it has ended, at once where it has ended already; in the order in which they asked. */
  readonly [lastingKey]: (over: (end: AnswerEnd) => void) => void;
}

/**
 * Asks to be told of the end of an answer that goes on.
 * @param over - must not throw.
 * @returns false for an answer that is whole; `over` is not called then
 */
export function lasts(answer: unknown, over: (end: AnswerEnd) => void): boolean {
  if (!isLasting(answer)) return false;
  answer[lastingKey](over);
  return true;
}

/** Whether an answer goes on. */
export function isLasting(answer: unknown): answer is Lasting {
  return typeof answer === 'object' && answer !== null && (answer as Partial<Lasting>)[lastingKey] !== undefined;
}

/** The end of one answer, for whoever gives it. */
export class LastingEnd {
  #listeners: ((end: AnswerEnd) => void)[] | undefined = [];
  #end: AnswerEnd;

  /** Whether it has ended. */
  get over(): boolean {
    return this.#listeners === undefined;
  }

  /** To stand under {@link lastingKey}. */
  readonly tell = (over: (end: AnswerEnd) => void): void => {
    if (this.#listeners) this.#listeners.push(over);
    else over(this.#end);
  };

  /** It has ended. Only the first call counts. */
  end(end: AnswerEnd): void {
    const listeners = this.#listeners;
    if (!listeners) return;
    this.#listeners = undefined;
    this.#end = end;
    for (const listener of listeners) listener(end);
  }
}
