/** One validation: what it has found, and how much it has done. */
import type { StandardIssue } from '@fwk/kernel';

/** Where in a value something stands, from the inside out. */
export interface Place {
  readonly key: PropertyKey;
  readonly outer: Place | undefined;
}

/** Most steps that one validation takes. A value of 1 MiB needs far fewer; alternatives inside alternatives can need any number. */
const maxSteps = 5_000_000;
/** Deepest that values are looked into, in levels; each reference of a schema counts as one too. */
const maxDepth = 500;
/** Most issues that are kept. */
const maxIssues = 100;

/** Ends a validation that would take too long; its message is the issue. */
export class TooMuch extends Error {}

/** See the head of this file. */
export class Run {
  readonly issues: StandardIssue[] = [];
  #steps = 0;
  #depth = 0;
  #silent = 0;

  /** Counts work. @throws TooMuch when there was too much of it */
  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > maxSteps) throw new TooMuch(`takes more than ${maxSteps} steps to validate`);
  }

  /** Goes one level into the value. @throws TooMuch when that is too deep */
  enter(): void {
    this.step();
    if (++this.#depth > maxDepth) throw new TooMuch(`is nested deeper than ${maxDepth} levels`);
  }

  leave(): void {
    this.#depth--;
  }

  /** Says what is wrong. @returns false, as what found it does */
  fail(place: Place | undefined, message: string): false {
    if (this.#silent === 0 && this.issues.length < maxIssues) this.issues.push({ message, path: pathOf(place) });
    return false;
  }

  /** Tries one of several alternatives, whose issues are none of the whole. */
  silently(attempt: () => boolean): boolean {
    this.#silent++;
    try {
      return attempt();
    } finally {
      this.#silent--;
    }
  }
}

function pathOf(place: Place | undefined): PropertyKey[] {
  const path: PropertyKey[] = [];
  for (let at = place; at; at = at.outer) path.push(at.key);
  return path.reverse();
}
