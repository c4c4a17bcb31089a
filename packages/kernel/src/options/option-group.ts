/**
 * Options that must fit together, such as a smallest and a largest value. When live ones among them change, all new values are
 * taken if they fit together. Otherwise each new value that fits the values in force is taken by itself, and the other options
 * keep their last values until the option that they contradict changes too. So both bounds of a range may move one after the
 * other: both new values are in force once the second has changed.
 */
import { messageOf } from '../errors/fwk-error.js';
import type { Live } from '../live/live.js';

/** A live option as its group sees it. */
export interface GroupMember {
  readonly source: Live<unknown>;
  /** Whether its source has not changed since it was last read. */
  readonly known: boolean;
  /** The value in force. */
  readonly accepted: unknown;
  /** Reads the source: its value if the option's own rule allows it, else undefined. */
  candidate(): { readonly value: unknown } | undefined;
  accept(value: unknown): void;
  /** Reports why a value is not taken. */
  refuse(value: unknown, problems: readonly string[]): void;
}

/** Checks the options with the values that `heldBy` returns. The answer has a sentence for each problem. */
export type JudgeTogether = (heldBy: (member: GroupMember) => unknown) => readonly string[];

/** See the head of this file. */
export class OptionGroup {
  #members: readonly GroupMember[] = [];
  readonly #judge: JudgeTogether;
  #judging = false;
  #undecided = false;
  /** Set when the members must be checked though none of their sources has changed. */
  #stale = false;

  constructor(judge: JudgeTogether) {
    this.#judge = judge;
  }

  /** True while a value is refused because of other options: a change of any member may make it fit. */
  get undecided(): boolean {
    return this.#undecided;
  }

  /** Replaces the members. They are checked at the next read, since options beside them may have changed as well. */
  setMembers(members: readonly GroupMember[]): void {
    this.#members = members;
    this.#stale = true;
    this.#undecided = members.length > 0;
  }

  /** The sources of all members. */
  get sources(): readonly Live<unknown>[] {
    return this.#members.map(({ source }) => source);
  }

  /** Reads all members after a change, and takes the values that fit. */
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
