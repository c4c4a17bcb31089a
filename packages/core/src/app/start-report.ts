import type { Clock } from '@fwk/kernel';
import { roundedMs, type StepTime, StepTimes } from '../lifecycle/step-times.js';

/** How the start went, for who looks why it is slow. */
export interface StartReport {
  /** In milliseconds; so far, while the application is starting. */
  readonly durationMs: number;
  /** Every step, in the order in which they began. */
  readonly steps: readonly StepTime[];
  /** Building and starting what the container holds, the slowest first. */
  readonly providers: readonly ProviderTime[];
}

/** How long one class took. */
export interface ProviderTime {
  readonly provider: string;
  /** Building it and all that it asked for, in milliseconds. */
  readonly buildMs?: number;
  /** Its `onStart`, in milliseconds. */
  readonly startMs?: number;
}

/** Providers that are told of at most. */
const mostProviders = 50;

/** Measures a start. */
export class StartTimes {
  readonly steps: StepTimes;
  readonly #clock: Clock;
  readonly #providers = new Map<string, { buildMs?: number; startMs?: number }>();
  #startMs: number | undefined;
  #endMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.steps = new StepTimes(clock);
  }

  begin(): void {
    this.#startMs = this.#clock.now();
  }

  end(): void {
    this.#endMs = this.#clock.now();
  }

  /** Measures how long a class takes to build. */
  building(provider: string, build: () => void): void {
    const startMs = this.#clock.now();
    build();
    this.#of(provider).buildMs = roundedMs(this.#clock.now() - startMs);
  }

  /** The `onStart` of an instance has ended. */
  started(provider: string, durationMs: number): void {
    const times = this.#of(provider);
    times.startMs = roundedMs((times.startMs ?? 0) + durationMs);
  }

  get report(): StartReport {
    const startMs = this.#startMs ?? this.#clock.now();
    const total = ({ buildMs = 0, startMs: started = 0 }: Omit<ProviderTime, 'provider'>) => buildMs + started;
    const slowest = [...this.#providers]
      .sort(([, one], [, other]) => total(other) - total(one))
      .slice(0, mostProviders);
    return {
      durationMs: roundedMs((this.#endMs ?? this.#clock.now()) - startMs),
      steps: this.steps.all,
      providers: slowest.map(([provider, times]) => ({ provider, ...times })),
    };
  }

  #of(provider: string): { buildMs?: number; startMs?: number } {
    const known = this.#providers.get(provider) ?? {};
    this.#providers.set(provider, known);
    return known;
  }
}
