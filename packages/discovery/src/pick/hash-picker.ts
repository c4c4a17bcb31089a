/**
 * Sends calls with the same key to the same endpoint. Each key has an order of endpoints of its own; a call goes to the first of
 * them that is available and has room. So a key moves only while its endpoint is out or full, and then always to the same next one.
 */
import { type CallContext, type Env, murmur3 } from '@fwk/kernel';
import type { Balancer, Candidate, Picker } from './balancer.js';
import { BoundedLoad } from './bounded-load.js';
import { HashKeys } from './hash-key.js';
import type { HashOptions } from './hash-options.js';
import { inFlightMeter } from './in-flight-meter.js';
import { inFlightLoads } from './loads.js';
import { twoChoices } from './two-choices.js';
import { sharesOf } from './weights.js';

/** Says where a key goes. */
export interface HashTable {
  /**
   * Index of the candidate that a hash leads to.
   * @param attempt - 0 for its first place, then 1 and so on; a later one may be the same candidate again.
   * @param last - what the attempt before this one answered.
   */
  at(hash: number, attempt: number, last: number): number;
}

/**
 * Makes the table of at least two candidates.
 * @param ids - hashes of their ids.
 * @param weights - as they are: a table that took them relative to each other would move all keys a little with each change.
 */
export type MakeHashTable = (ids: Uint32Array, weights: Float64Array) => HashTable;

/** Places of a key that are tried, at most. */
const MAX_PLACES = 64;
/** The same for each endpoint that there is. */
const PLACES_EACH = 4;
/** Endpoints looked at in turn after that, so that a pick stays cheap however many there are. */
const MAX_LOOKED_AT = 256;

/** A balancer that chooses by such a table, which is made when it is first needed. */
export function hashBalancer(role: string, options: HashOptions, makeTable: MakeHashTable): Balancer {
  return {
    role,
    meter: () => inFlightMeter,
    picker: (candidates, env, previous) => {
      const kept = previous instanceof HashPicker && previous.keys.keyOf === options.keyOf ? previous.keys : undefined;
      const keys = kept ?? new HashKeys(role, options.keyOf, env);
      return new HashPicker(candidates, env, keys, options.boundedLoad, makeTable);
    },
    describe: () => {
      const { keyOf: _, ...shown } = options;
      return shown;
    },
  };
}

class HashPicker implements Picker {
  readonly keys: HashKeys;
  readonly #candidates: readonly Candidate[];
  readonly #weights: Float64Array;
  readonly #room: BoundedLoad | undefined;
  /** For calls without a key. */
  readonly #others: Picker;
  readonly #makeTable: MakeHashTable;
  #table: HashTable | undefined;

  constructor(
    candidates: readonly Candidate[],
    env: Env,
    keys: HashKeys,
    boundedLoad: number | false,
    makeTable: MakeHashTable,
  ) {
    this.keys = keys;
    this.#candidates = candidates;
    const nowMs = env.clock.now();
    this.#weights = Float64Array.from(candidates, (candidate) => candidate.weight(nowMs));
    const shares = sharesOf(candidates, nowMs);
    this.#room = boundedLoad === false ? undefined : new BoundedLoad(candidates, shares, boundedLoad);
    this.#others = twoChoices(candidates, env, inFlightLoads(candidates));
    this.#makeTable = makeTable;
  }

  pick(nowMs: number, request?: unknown, context?: CallContext): Candidate | undefined {
    const candidates = this.#candidates;
    if (candidates.length < 2) return candidates[0];
    const key = this.keys.of(nowMs, request, context);
    this.#room?.picked();
    if (key === undefined) return this.#others.pick(nowMs, request);
    return this.#at(murmur3(key), request);
  }

  #at(hash: number, request: unknown): Candidate {
    const candidates = this.#candidates;
    this.#table ??= this.#makeTable(idsOf(candidates), this.#weights);
    const table = this.#table;
    const places = Math.min(MAX_PLACES, PLACES_EACH * candidates.length);
    let place = -1;
    for (let attempt = 0; attempt < places; attempt++) {
      place = table.at(hash, attempt, place);
      const candidate = candidates[place] as Candidate;
      if (candidate.available(request) && this.#hasRoom(place)) return candidate;
    }
    return this.#inTurn(hash, request, true) ?? this.#inTurn(hash, request, false) ?? this.#first(hash);
  }

  /** The first that is available, in turn from one on that the hash says. */
  #inTurn(hash: number, request: unknown, withRoom: boolean): Candidate | undefined {
    const candidates = this.#candidates;
    for (let looked = 0; looked < Math.min(candidates.length, MAX_LOOKED_AT); looked++) {
      const index = (hash + looked) % candidates.length;
      const candidate = candidates[index] as Candidate;
      if (candidate.available(request) && (!withRoom || this.#hasRoom(index))) return candidate;
    }
    return undefined;
  }

  #hasRoom(index: number): boolean {
    return this.#room?.hasRoom(index) ?? true;
  }

  #first(hash: number): Candidate {
    return this.#candidates[this.#table?.at(hash, 0, -1) ?? 0] as Candidate;
  }
}

function idsOf(candidates: readonly Candidate[]): Uint32Array {
  return Uint32Array.from(candidates, ({ endpoint }) => murmur3(endpoint.id));
}
