import type { CallContext } from '@fwk/kernel';
import { WaitQueue } from '../queue/wait-queue.js';
import { priorities } from './priority-shedding.js';

/** Lines of calls that wait, one a priority. Who is let in next is of the highest; who is displaced, of the lowest. */
export class PriorityQueue {
  readonly #lines: readonly WaitQueue[] = priorities.map(() => new WaitQueue());

  get length(): number {
    let length = 0;
    for (const line of this.#lines) length += line.length;
    return length;
  }

  /** The line of a level. */
  line(level: number): WaitQueue {
    return this.#lines[level]!;
  }

  /** The highest level at which somebody waits; undefined when nobody does. */
  get highest(): number | undefined {
    for (let level = 0; level < this.#lines.length; level++) if (this.line(level).length > 0) return level;
    return undefined;
  }

  /** True for a call of this level when all that wait are less important; equals go in order. */
  yieldsTo(level: number): boolean {
    const waiting = this.highest;
    return waiting === undefined || waiting > level;
  }

  /**
   * Lets in one at the highest level: whoever has waited longest there, or came last.
   * @param newestFirst - whether whoever came last at a level goes first.
   * @returns false when nobody waits.
   */
  letIn(newestFirst: (level: number) => boolean): boolean {
    const level = this.highest;
    if (level === undefined) return false;
    const line = this.line(level);
    (newestFirst(level) ? line.pop() : line.shift())?.enter();
    return true;
  }

  /**
   * Refuses all of a level that lined up before a moment.
   * @param refusal - makes the error of a call from its context.
   */
  refuseOlder(level: number, thanMs: number, refusal: (context: CallContext) => Error): void {
    const line = this.line(level);
    while ((line.oldest?.sinceMs ?? Number.POSITIVE_INFINITY) < thanMs) {
      const waiter = line.shift()!;
      waiter.refuse(refusal(waiter.context));
    }
  }

  /**
   * Makes room for a call of this level: refuses whoever came last of the lowest level below it.
   * @param refusal - makes the error of the displaced call, from its level and its context.
   * @returns false when all that wait are at least as important.
   */
  displace(level: number, refusal: (level: number, context: CallContext) => Error): boolean {
    for (let lowest = priorities.length - 1; lowest > level; lowest--) {
      const waiter = this.line(lowest).pop();
      if (!waiter) continue;
      waiter.refuse(refusal(lowest, waiter.context));
      return true;
    }
    return false;
  }
}
