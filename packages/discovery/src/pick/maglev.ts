/**
 * A table that is filled by all endpoints in turns, each taking the first free entry of an order of its own; a key goes to the entry
 * of its hash. Shares are exact to an entry, and a pick is one look into the table. When an endpoint comes or goes, little more
 * than its own keys move. Source: Eisenbud 2016, Maglev.
 */
import type { Balancer } from './balancer.js';
import { mixHashes } from './hash-mix.js';
import { checkHash, type HashOptions, hashDefaults, hashRules } from './hash-options.js';
import { type HashTable, hashBalancer } from './hash-picker.js';

/** Options of {@link maglev}. */
export interface MaglevOptions extends HashOptions {
  /**
   * Entries of the table: a prime from 1009 to 5 000 011, best at least a hundred times as many as there are endpoints.
   * @defaultValue 16381 for up to 25 endpoints, 65537 for up to 6553, beyond that the least of a few primes that is ten times as many
   */
  readonly tableSize?: number | undefined;
}

/** Sizes without the option, each for up to so many endpoints. */
const sizes: readonly (readonly [upTo: number, size: number])[] = [
  [25, 16_381],
  [6_553, 65_537],
  [13_107, 131_071],
  [52_428, 524_287],
];
const LARGEST = 5_000_011;

/**
 * Makes the balancer.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function maglev(options?: Partial<MaglevOptions>): Balancer {
  const settings = checkHash<MaglevOptions>('maglev', options, hashDefaults, {
    ...hashRules,
    tableSize: (value) =>
      value === undefined || isTableSize(value) ? undefined : `a prime from 1009 to ${LARGEST}, such as 65537`,
  });
  return hashBalancer('maglev', settings, (ids, weights) => {
    return new MaglevTable(ids, weights, settings.tableSize ?? sizeFor(ids.length));
  });
}

function sizeFor(count: number): number {
  return sizes.find(([upTo]) => count <= upTo)?.[1] ?? LARGEST;
}

function isTableSize(value: unknown): boolean {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1009 || value > LARGEST) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return true;
}

class MaglevTable implements HashTable {
  readonly #entries: Uint16Array | Uint32Array;

  constructor(ids: Uint32Array, weights: Float64Array, size: number) {
    const entries = ids.length < 65_535 ? new Uint16Array(size) : new Uint32Array(size);
    this.#entries = entries;
    // Entries hold the index and one; 0 is a free one.
    const at = Uint32Array.from(ids, (id) => mixHashes(id, 1) % size);
    const skips = Uint32Array.from(ids, (id) => 1 + (mixHashes(id, 2) % (size - 1)));
    for (const index of turns(ids, weights, size)) {
      let entry = at[index] as number;
      const skip = skips[index] as number;
      while (entries[entry] !== 0) entry = entry + skip < size ? entry + skip : entry + skip - size;
      entries[entry] = index + 1;
      at[index] = entry;
    }
  }

  at(hash: number, attempt: number): number {
    const entries = this.#entries;
    const place = attempt === 0 ? hash : mixHashes(hash, attempt);
    return (entries[place % entries.length] as number) - 1;
  }
}

/**
 * Whose turn it is to take an entry, for all entries: as many turns as the weight says, evenly apart. The order of the list does
 * not matter.
 */
function turns(ids: Uint32Array, weights: Float64Array, size: number): Uint32Array {
  const count = ids.length;
  const order = Uint32Array.from(ids, (_, at) => at).sort((a, b) => (ids[a] as number) - (ids[b] as number));
  const quotas = new Uint32Array(count);
  const all = weights.reduce((total, weight) => total + weight, 0);
  let sum = 0;
  let given = 0;
  for (const index of order) {
    sum += ((weights[index] as number) * size) / all;
    quotas[index] = Math.round(sum) - given;
    given = Math.round(sum);
  }
  // The last one takes what rounding has left.
  const last = order[count - 1] as number;
  quotas[last] = (quotas[last] as number) + size - given;
  const starts = new Uint32Array(size + 1);
  const each = (use: (index: number, turn: number) => void) => {
    for (const index of order) {
      const quota = quotas[index] as number;
      for (let nth = 0; nth < quota; nth++) use(index, Math.floor(((nth + 0.5) * size) / quota));
    }
  };
  each((_, turn) => {
    starts[turn + 1] = (starts[turn + 1] as number) + 1;
  });
  for (let turn = 1; turn <= size; turn++) starts[turn] = (starts[turn] as number) + (starts[turn - 1] as number);
  const taken = new Uint32Array(size);
  each((index, turn) => {
    const at = starts[turn] as number;
    starts[turn] = at + 1;
    taken[at] = index;
  });
  return taken;
}
