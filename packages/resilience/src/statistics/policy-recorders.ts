/** The numbers of one policy: of all its calls, of those of each operation, and of the attempts at each endpoint. */
import type { Clock, LatencyDigest } from '@fwk/kernel';
import { type PolicyStatistics, type StatisticsSource, sumStatistics } from './policy-statistics.js';
import { StatisticsRecorder } from './recorder.js';

/** See the head of this file. */
export class PolicyRecorders implements StatisticsSource {
  #clock: Clock;
  /** What happens within calls, and the calls of a policy without operations. It uses the clock of the first stack. */
  #whole: StatisticsRecorder | undefined;
  readonly #ofOperations = new Map<string, StatisticsRecorder>();
  readonly #ofEndpoints = new Map<string, StatisticsRecorder>();

  /** @param clock - until a stack is built, which brings its own. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param clock - of the recorder, if this is the first call. */
  whole(clock: Clock = this.#clock): StatisticsRecorder {
    if (this.#whole) return this.#whole;
    this.#clock = clock;
    this.#whole = new StatisticsRecorder(clock);
    return this.#whole;
  }

  ofOperation(name: string): StatisticsRecorder {
    const known = this.#ofOperations.get(name);
    if (known) return known;
    const made = new StatisticsRecorder(this.#clock);
    this.#ofOperations.set(name, made);
    return made;
  }

  /** Begins to count at an endpoint. @returns its recorder, and what ends it */
  atEndpoint(id: string): { readonly recorder: StatisticsRecorder; readonly ended: () => void } {
    const recorder = new StatisticsRecorder(this.#clock);
    this.#ofEndpoints.set(id, recorder);
    const ended = () => {
      // The id may be another endpoint's by now.
      if (this.#ofEndpoints.get(id) === recorder) this.#ofEndpoints.delete(id);
    };
    return { recorder, ended };
  }

  /** Ids of the endpoints that have not ended. */
  get endpoints(): readonly string[] {
    return [...this.#ofEndpoints.keys()];
  }

  /** Of all calls. */
  statistics(): PolicyStatistics {
    return sumStatistics(this.#all().map(sourceOf));
  }

  latencies(): LatencyDigest {
    const [first, ...others] = this.#all().map((recorder) => recorder.latencies());
    for (const other of others) first?.merge(other);
    return first!;
  }

  /** Of the calls of each operation. */
  operations(): Readonly<Record<string, PolicyStatistics>> {
    return snapshotsOf(this.#ofOperations);
  }

  /** The attempts at each endpoint, to be added to others. */
  attemptSources(): readonly StatisticsSource[] {
    return [...this.#ofEndpoints.values()].map(sourceOf);
  }

  /** Of the attempts at each endpoint. */
  attempts(): Readonly<Record<string, PolicyStatistics>> {
    return snapshotsOf(this.#ofEndpoints);
  }

  #all(): readonly StatisticsRecorder[] {
    return [this.#whole ?? new StatisticsRecorder(this.#clock), ...this.#ofOperations.values()];
  }
}

function snapshotsOf(recorders: ReadonlyMap<string, StatisticsRecorder>): Readonly<Record<string, PolicyStatistics>> {
  return Object.fromEntries([...recorders].map(([name, recorder]) => [name, recorder.snapshot()]));
}

function sourceOf(recorder: StatisticsRecorder): StatisticsSource {
  return { statistics: () => recorder.snapshot(), latencies: () => recorder.latencies() };
}
