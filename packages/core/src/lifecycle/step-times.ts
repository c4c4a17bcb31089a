import { type Clock, isFwkError } from '@fwk/kernel';

/** How long one step of starting or stopping took. */
export interface StepTime {
  /** Who did it: the name of a component, or of a part of the application such as `container`. */
  readonly component: string;
  readonly step: string;
  /** In milliseconds; of one that is under way, so far. */
  readonly durationMs: number;
  /** `cut off` where its time was over before it had ended. */
  readonly outcome: 'done' | 'failed' | 'cut off' | 'under way';
}

interface Entry {
  readonly component: string;
  readonly step: string;
  readonly startMs: number;
  endMs: number | undefined;
  outcome: StepTime['outcome'];
}

/** Measures steps, one after the other. */
export class StepTimes {
  readonly #clock: Clock;
  readonly #entries: Entry[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Measures work that is a step. */
  async measure(component: string, step: string, work: () => Promise<void>): Promise<void> {
    const entry: Entry = { component, step, startMs: this.#clock.now(), endMs: undefined, outcome: 'under way' };
    this.#entries.push(entry);
    try {
      await work();
      entry.outcome = 'done';
    } catch (error) {
      entry.outcome = isFwkError(error, 'FWK_CORE_STEP_TIMEOUT') ? 'cut off' : 'failed';
      throw error;
    } finally {
      entry.endMs = this.#clock.now();
    }
  }

  /** In the order in which they began. */
  get all(): readonly StepTime[] {
    return this.#entries.map(({ component, step, startMs, endMs, outcome }) => {
      return { component, step, durationMs: roundedMs((endMs ?? this.#clock.now()) - startMs), outcome };
    });
  }
}

/** To a hundredth: people read it. */
export function roundedMs(ms: number): number {
  return Math.round(ms * 100) / 100;
}
