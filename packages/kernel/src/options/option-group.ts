/**
 * Options that are right only together, such as a smallest and a largest value. When live ones among them change, they are
 * taken as they are now if nothing contradicts; otherwise each that can be taken alone is taken, and the others keep their
 * last values until what contradicts them has changed too. Two that change one after the other, such as both bounds of a
 * range, are so taken once the second has changed.
 */
import { messageOf } from '../errors/fwk-error.js';
import type { Live } from '../live/live.js';

/** A live option as its group sees it. */
export interface GroupMember {
  readonly source: Live<unknown>;
  /** Whether nothing has changed since it was last looked at. */
  readonly known: boolean;
  /** The value in force. */
  readonly accepted: unknown;
  /** Looks at the source: what it holds if its own rule allows it; undefined if not. */
  candidate(): { readonly value: unknown } | undefined;
  accept(value: unknown): void;
  /** Is told why the value is not taken. */
  refuse(value: unknown, problems: readonly string[]): void;
}

/** Says what is wrong, a sentence a problem, if each option has the value that `heldBy` answers. */
export type JudgeTogether = (heldBy: (member: GroupMember) => unknown) => readonly string[];

/** See the head of this file. */
export class OptionGroup {
  #members: readonly GroupMember[] = [];
  readonly #judge: JudgeTogether;
  #judging = false;
  #undecided = false;
  /** Set when something else has changed than the members. */
  #stale = false;

  constructor(judge: JudgeTogether) {
    this.#judge = judge;
  }

  /** True while some value is not taken because of others, so that a change of any may let it in. */
  get undecided(): boolean {
    return this.#undecided;
  }

  /** Those that are judged from now on; something else may have changed as well, so they are looked at anew. */
  setMembers(members: readonly GroupMember[]): void {
    this.#members = members;
    this.#stale = true;
    this.#undecided = members.length > 0;
  }

  /** What its members hold comes from here. */
  get sources(): readonly Live<unknown>[] {
    return this.#members.map(({ source }) => source);
  }

  /** Looks at all members after a change, and takes what can be taken. */
  refresh(): void {
    if (this.#judging || (!this.#stale && this.#members.every(({ known }) => known))) return;
    this.#judging = true;
    try {
      this.#stale = false;
      this.#take(this.#changed());
    } finally {
      this.#judging = false;
    }
  }

  #changed(): Map<GroupMember, unknown> {
    const changed = new Map<GroupMember, unknown>();
    for (const member of this.#members) {
      const candidate = member.candidate();
      if (!candidate) continue;
      if (Object.is(candidate.value, member.accepted)) member.accept(candidate.value);
      else changed.set(member, candidate.value);
    }
    return changed;
  }

  #take(changed: Map<GroupMember, unknown>): void {
    if (changed.size > 0 && this.#problems(changed).length === 0) {
      for (const [member, value] of changed) member.accept(value);
      changed.clear();
    }
    for (let left = -1; left !== changed.size; ) {
      left = changed.size;
      for (const [member, value] of changed) {
        if (this.#problems(new Map([[member, value]])).length > 0) continue;
        member.accept(value);
        changed.delete(member);
      }
    }
    this.#undecided = changed.size > 0;
    for (const [member, value] of changed) member.refuse(value, this.#problems(new Map([[member, value]])));
  }

  #problems(changed: ReadonlyMap<GroupMember, unknown>): readonly string[] {
    try {
      return this.#judge((member) => (changed.has(member) ? changed.get(member) : member.accepted));
    } catch (error) {
      return [messageOf(error)];
    }
  }
}
