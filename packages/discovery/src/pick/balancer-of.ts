/** Balancers from plain data, as configuration has it. */
import { checkOptions, OptionsError } from '@fwk/kernel';
import type { Balancer } from './balancer.js';
import type { HashOptions } from './hash-options.js';
import { type LeastRequestOptions, leastRequest } from './least-request.js';
import { type MaglevOptions, maglev } from './maglev.js';
import { type P2cOptions, p2c } from './p2c.js';
import { type PrequalOptions, prequal } from './prequal.js';
import { random } from './random.js';
import { rendezvous } from './rendezvous.js';
import { type RingHashOptions, ringHash } from './ring-hash.js';
import { roundRobin, weightedRoundRobin } from './round-robin.js';

/** The options of each kind of balancer that has any. */
interface OptionsByKind {
  readonly p2c: P2cOptions;
  readonly prequal: PrequalOptions;
  readonly 'least-request': LeastRequestOptions;
  readonly 'round-robin': object;
  readonly 'weighted-round-robin': object;
  readonly random: object;
  readonly 'ring-hash': RingHashOptions;
  readonly maglev: MaglevOptions;
  readonly rendezvous: HashOptions;
}

/** Names of balancers. */
export type BalancerKind = keyof OptionsByKind;

/** A balancer as data: its name, or its name and options. */
export type BalancerSettings =
  | BalancerKind
  | { readonly [K in BalancerKind]: { readonly kind: K } & Partial<OptionsByKind[K]> }[BalancerKind];

const makers: { readonly [K in BalancerKind]: (options: Partial<OptionsByKind[K]>) => Balancer } = {
  p2c,
  prequal,
  'least-request': leastRequest,
  'round-robin': (options) => withoutOptions('roundRobin', options, roundRobin),
  'weighted-round-robin': (options) => withoutOptions('weightedRoundRobin', options, weightedRoundRobin),
  random: (options) => withoutOptions('random', options, random),
  'ring-hash': ringHash,
  maglev,
  rendezvous,
};

/** All names of balancers. */
export const balancerKinds = Object.freeze(Object.keys(makers)) as readonly BalancerKind[];

/**
 * Makes a balancer of plain data.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for a name that it does not know, or options that the balancer refuses.
 * @example balancerOf('least-request'); balancerOf({ kind: 'ring-hash', boundedLoad: 1.5 });
 */
export function balancerOf(settings: BalancerSettings): Balancer {
  const { kind, ...options }: { readonly kind?: unknown } =
    typeof settings === 'object' && settings !== null ? settings : { kind: settings };
  if (typeof kind !== 'string' || !Object.hasOwn(makers, kind)) {
    const given = typeof kind === 'string' ? `"${kind.slice(0, 100)}"` : typeof kind;
    throw new OptionsError('balancer', [`kind must be one of ${balancerKinds.join(', ')}, not ${given}`]);
  }
  return (makers[kind as BalancerKind] as (options: object) => Balancer)(options);
}

function withoutOptions(owner: string, options: object, make: () => Balancer): Balancer {
  checkOptions(owner, options, {}, {});
  return make();
}
