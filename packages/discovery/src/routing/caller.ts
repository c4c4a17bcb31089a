/** What routing knows of whoever calls: where it runs, and who else calls from the same service. */
import { type Instance, instanceWeight } from '../instance.js';
import type { Endpoint } from '../membership/endpoint.js';
import type { Place } from './aperture.js';
import type { ZoneCounts } from './zones.js';

/** The calling instance. */
export interface Caller {
  /** Where it runs. Without one zones are not regarded. */
  readonly zone?: string | undefined;
  /** Id of its instance; without one it has no subset of its own. */
  readonly id?: string | undefined;
  /** The endpoints of its own service, itself among them, in any order; undefined while they are not known. */
  readonly peers?: readonly Endpoint[] | undefined;
}

/** Where a caller stands among all callers, and among those of its zone; undefined while it is not one of those that are UP. */
export interface Places {
  readonly all: Place | undefined;
  readonly inZone: Place | undefined;
}

/** What follows from a caller and its peers; each is found out when it is first asked for. */
export class CallerFacts {
  readonly zone: string | undefined;
  readonly id: string | undefined;
  readonly #peers: readonly Endpoint[];
  #byZone: ZoneCounts | undefined;
  #places: Places | undefined;

  constructor({ zone, id, peers = [] }: Caller) {
    this.zone = zone;
    this.id = id;
    this.#peers = peers;
  }

  /** The weight of the callers in each zone; empty where they are not known. */
  get byZone(): ZoneCounts {
    this.#byZone ??= weightByZone(this.#peers);
    return this.#byZone;
  }

  /** The oldest has the first place, so that one more is the last and moves nobody. */
  get places(): Places {
    this.#places ??= this.#findPlaces();
    return this.#places;
  }

  #findPlaces(): Places {
    const up = this.#peers.map(({ instance }) => instance).filter(({ status }) => status === 'UP');
    up.sort((first, second) => first.startedAtMs - second.startedAtMs || (first.id < second.id ? -1 : 1));
    return { all: this.#placeIn(up), inZone: this.#placeIn(up.filter(({ zone }) => zone === this.zone)) };
  }

  #placeIn(callers: readonly Instance[]): Place | undefined {
    const index = callers.findIndex(({ id }) => id === this.id);
    return index < 0 ? undefined : { index, count: callers.length };
  }
}

function weightByZone(peers: readonly Endpoint[]): ZoneCounts {
  const weights = new Map<string, number>();
  for (const { instance } of peers) {
    if (instance.status !== 'UP') continue;
    const zone = instance.zone ?? '';
    weights.set(zone, (weights.get(zone) ?? 0) + instanceWeight(instance));
  }
  return weights;
}
