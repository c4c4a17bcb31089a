/** What the checks found one after the other, so that whoever comes later sees since when something is wrong, and why. */
import type { HealthStatus } from '@fwk/kernel';

/** One change of a status. */
export interface HealthTransition {
  /** When, in wall-clock milliseconds since the epoch. */
  readonly atMs: number;
  /** The component whose status changed. */
  readonly name: string;
  readonly previous: HealthStatus;
  readonly status: HealthStatus;
  /** The error or reason that the check gave; undefined where it gave none. */
  readonly cause: string | undefined;
}

/** Changes that are kept of each component; so one that flaps pushes out no others. */
export const keptTransitions = 20;

/** Remembers the last changes of each component. */
export class HealthHistory {
  readonly #byName = new Map<string, HealthTransition[]>();

  add(transition: HealthTransition): void {
    const known = this.#byName.get(transition.name) ?? [];
    known.push(transition);
    if (known.length > keptTransitions) known.shift();
    this.#byName.set(transition.name, known);
  }

  /** Forgets a component that was taken away. */
  forget(name: string): void {
    this.#byName.delete(name);
  }

  /** The last change of a component. */
  lastOf(name: string): HealthTransition | undefined {
    return this.#byName.get(name)?.at(-1);
  }

  /** All, newest first. */
  get all(): readonly HealthTransition[] {
    return [...this.#byName.values()]
      .flat()
      .toReversed()
      .toSorted((one, other) => other.atMs - one.atMs);
  }
}

/** The members of details that say why, the most telling first. */
const causes = Object.freeze(['error', 'reason', 'warning', 'notUsed']);

/** Why a check found what it found. */
export function causeOf(details: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const texts = causes.map((name) => details?.[name]);
  return texts.find((text): text is string => typeof text === 'string');
}
