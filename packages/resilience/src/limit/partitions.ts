import { callable, checkOptions, fixed, type Rule } from '@fwk/kernel';
import { nestedRule } from '../layer/nested-rule.js';
import { type KeyOf, requestKey } from '../layer/request-key.js';
import { PriorityQueue } from './priority-queue.js';

/**
 * Gives groups of calls a share of the limit that others cannot take. Shares bind only above the limit: while there are
 * places, anybody takes them; when there are none, a call still passes if its partition holds less than its share, those
 * that wait before those that come. So there may be more in flight than the limit, by what the guarantees of the partitions
 * amount to.
 */
export interface LimitPartitions {
  /** Finds the partition of a request; of a wrapped function it gets the arguments. */
  readonly partitionOf: KeyOf;
  /** Share of the limit by partition, above 0 to 1 each and 1 in all at most. A partition not named here has none. */
  readonly shares: Readonly<Record<string, number>>;
}

/** One partition and what it holds. */
export interface Partition {
  readonly share: number;
  inFlight: number;
  /** Its calls that wait; they stand in the line of all as well. */
  readonly queue: PriorityQueue;
}

/** True while the partition holds less than its share of the limit, which is at least one place. */
export function isGuaranteed({ share, inFlight }: Partition, limit: number): boolean {
  return inFlight < Math.ceil(share * limit);
}

/** The partitions of one stack. */
export class Partitions {
  readonly #partitionOf: KeyOf;
  readonly #byName: ReadonlyMap<string, Partition>;

  constructor({ partitionOf, shares }: LimitPartitions) {
    this.#partitionOf = partitionOf;
    this.#byName = new Map(
      Object.entries(shares).map(([name, share]) => [name, { share, inFlight: 0, queue: new PriorityQueue() }]),
    );
  }

  /** Those with a share. */
  get all(): Iterable<Partition> {
    return this.#byName.values();
  }

  /**
   * The partition of a request; undefined for one without a share.
   * @throws what `partitionOf` throws, and a TypeError when it answers no string.
   */
  of(request: unknown): Partition | undefined {
    return this.#byName.get(requestKey(this.#partitionOf, request));
  }
}

const ROUNDING = 1e-9;

const sharesRule: Rule = (value) => {
  const shares = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.values(value) : [];
  const sum = shares.reduce(
    (total: number, share) => total + (typeof share === 'number' && share > 0 ? share : Number.NaN),
    0,
  );
  return sum > 0 && sum <= 1 + ROUNDING ? undefined : 'an object of shares above 0 that add up to 1 at most';
};

/**
 * Checks partitions.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
function checkPartitions(given: LimitPartitions): LimitPartitions {
  return checkOptions<LimitPartitions>(
    'adaptiveLimit partitions',
    given,
    {},
    { partitionOf: callable, shares: fixed(sharesRule) },
  );
}

/** A rule for {@link checkPartitions} as one option among others. */
export const partitionsRule: Rule = nestedRule('partitions as documented', checkPartitions);
