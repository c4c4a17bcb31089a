/** The balancer of a client: in code one that was made, in configuration its name, or its name with options. */
import { type Balancer, type BalancerSettings, balancerOf } from '@fwk/discovery';
import { isLive, OptionsError } from '@fwk/kernel';
import { callKeyRule, keyOf } from './call-key.js';

/** Balancers that choose by a key of the call. */
type ByKey = Extract<BalancerSettings, { readonly kind: 'ring-hash' | 'maglev' | 'rendezvous' }> & {
  /** `header:NAME`, `param:NAME`, `query:NAME`, `body:NAME`, `path` or `caller`; in code `keyOf` may be given instead. */
  readonly key?: string;
};

/** How a client chooses among instances: `roundRobin()`, `'round-robin'`, or `{ kind: 'ring-hash', key: 'header:x-user' }`. */
export type ClientBalancer = Balancer | BalancerSettings | ByKey;

/** The same as plain data. */
export type ClientBalancerSettings = Exclude<ClientBalancer, Balancer>;

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function balancerFrom(given: ClientBalancer): Balancer {
  if (isBalancer(given)) return given;
  if (typeof given !== 'object' || !('key' in given) || given.key === undefined) return balancerOf(given);
  const { key, ...settings } = given;
  const wanted = callKeyRule(key);
  const problems = wanted ? [`key must be ${wanted}, not ${JSON.stringify(key)}`] : [];
  if (settings.keyOf) problems.push('key and keyOf say the same: give one of them');
  try {
    const balancer = balancerOf({ ...settings, ...(problems.length === 0 && { keyOf: keyOf(key) }) });
    if (problems.length === 0) return balancer;
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    // It would be called by the name that it has in code.
    problems.push(...error.problems.map((problem) => problem.replace('"keyOf"', '"key"')));
  }
  throw new OptionsError('balancer', problems);
}

/** Options of one kind say nothing of another; those without a kind are for the one below. */
export function mergeBalancers(over: unknown, under: unknown): unknown {
  if (!isOptions(over)) return over;
  const below = typeof under === 'string' ? { kind: under } : under;
  if (!isOptions(below)) return over;
  return over.kind === undefined || over.kind === below.kind ? { ...below, ...over } : over;
}

function isBalancer(value: unknown): value is Balancer {
  return typeof value === 'object' && value !== null && 'picker' in value;
}

function isOptions(value: unknown): value is { readonly kind?: unknown } {
  return typeof value === 'object' && value !== null && !isBalancer(value) && !isLive(value) && !Array.isArray(value);
}

/** What people are shown: a balancer that was made, by its role. */
export function showBalancer(value: unknown): unknown {
  return isBalancer(value) ? value.role : value;
}
