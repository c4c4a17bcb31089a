/** What a drill is made of. A drill says what happens to real processes; running and judging it is done for all alike. */
import type { WireChoice } from '@fwk/http';
import type { Stage } from './stage/stage.js';

/** What is demanded of one figure. */
export interface Demand {
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** How one case went. */
export interface Outcome {
  readonly name: string;
  /** In the order of the table. `Infinity` says that what was waited for never came. */
  readonly figures: Readonly<Record<string, number>>;
  /** By figure. */
  readonly must: Readonly<Record<string, Demand>>;
}

/** How a drill is run. */
export interface DrillOptions {
  /** How long the long part takes, such as the time without a registry; undefined for the drill's own. */
  readonly seconds: number | undefined;
  /** Which wire calls take; ignored by drills that test the choice of the wire. */
  readonly wire: WireChoice;
  /** Says what happens, while it happens. */
  readonly say: (text: string) => void;
}

/** What is run by one name. */
export interface Drill {
  readonly name: string;
  /** One sentence: what happens and what must come of it. */
  readonly about: string;
  /** Processes are started on the stage, which ends them. */
  run(stage: Stage, options: DrillOptions): Promise<readonly Outcome[]>;
}
