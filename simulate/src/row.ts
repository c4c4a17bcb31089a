/** What a row of the simulator is made of. A row says how its world looks; running and judging it is done for all alike. */

/** One number that a case answers for each seed. */
export interface Figure {
  /** Which seed speaks for all. The worst one wherever something is demanded. */
  readonly of: 'highest' | 'lowest' | 'median';
  /** Demanded: no more than this. */
  readonly atMost?: number;
  /** Demanded: no less than this. */
  readonly atLeast?: number;
}

/** One way to set up the world, run once a seed. */
export interface Case<Name extends string = string> {
  readonly name: string;
  /** What is measured, in the order of the table. A case that demands nothing is there for comparison. */
  readonly figures: Readonly<Record<Name, Figure>>;
  /** Runs it. `Infinity` says that what was waited for never came. */
  simulate(seed: number): Promise<Readonly<Record<Name, number>>>;
}

/** What is run by one name. */
export interface Row {
  readonly name: string;
  /** One sentence: what happens and what must come of it. */
  readonly about: string;
  readonly cases: readonly Case[];
}

/** How a case went. */
export interface CaseResult {
  readonly name: string;
  readonly figures: Readonly<Record<string, number>>;
  /** The demands in words; empty where nothing is demanded. */
  readonly must: string;
  readonly reached: boolean;
}

/** How a row went. */
export interface RowResult {
  readonly name: string;
  readonly about: string;
  readonly cases: readonly CaseResult[];
  readonly reached: boolean;
}

/** Fixes the figures' names to those that the case measures. */
export function caseOf<const Name extends string>(definition: Case<Name>): Case<Name> {
  return definition;
}
