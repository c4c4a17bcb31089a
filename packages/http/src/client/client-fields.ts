/**
 * The options of a policy that only clients have, and that are no layer's. They are known to all policies as soon as this
 * package is loaded, so that configuration may hold them.
 */
import {
  checkEjection,
  type EjectionOptions,
  ejectionDefaults,
  ejectionRules,
  routingDefaults,
  routingRules,
} from '@fwk/discovery';
import { isLive, type Live, oneOf, type Rule } from '@fwk/kernel';
import { type KindField, kindField } from '@fwk/resilience';
import type { WireChoice } from '../calling/wire-choice.js';
import { checkShadow, type ShadowOptions, shadowDefaults, shadowRules } from '../shadow/shadow-options.js';
import {
  balancerFrom,
  type ClientBalancer,
  type ClientBalancerSettings,
  mergeBalancers,
  showBalancer,
} from './client-balancer.js';
import { type ClientRouting, checkClientRouting } from './client-routing.js';
import { checkFailover, type FailoverOptions, failoverDefaults, failoverRules } from './failover-options.js';

/** See the head of this file. */
export interface ClientFields {
  /**
   * Which wire calls take: with `auto` none where the service runs in the group of its own process, and else Mux to the endpoints
   * that say that they serve it and HTTP to all others; with `local` only the group; with `http` HTTP wherever it is served; with
   * `mux` Mux everywhere but to Unix sockets. A change holds for later calls; calls under way
   * stay on their wire. @defaultValue 'auto'
   */
  readonly wire?: WireChoice | Live<WireChoice> | undefined;
  /**
   * How an instance is chosen: `roundRobin()`, `'round-robin'`, or `{ kind: 'ring-hash', key: 'header:x-user' }`.
   * The default is the power of two choices over peak EWMA. @defaultValue 'p2c'
   */
  readonly balancer?: ClientBalancer | Live<ClientBalancer> | undefined;
  /** When endpoints are no longer picked, or false for never. @defaultValue {@link ejectionDefaults} */
  readonly ejection?: Partial<EjectionOptions> | false | Live<Partial<EjectionOptions> | false> | undefined;
  /**
   * Which instances a call may go to: versions, tags, a split of traffic, zones, a subset. @defaultValue {@link routingDefaults}
   */
  readonly routing?: ClientRouting | Live<ClientRouting> | undefined;
  /**
   * Copies a share of the calls to another version and compares the answers; false for none, whatever the options below say.
   * @defaultValue {@link shadowDefaults}: none
   */
  readonly shadow?: Partial<ShadowOptions> | false | Live<Partial<ShadowOptions> | false> | undefined;
  /**
   * When a call goes on to the next of the `alternatives`; false for never. @defaultValue {@link failoverDefaults}
   */
  readonly failover?: Partial<FailoverOptions> | false | Live<Partial<FailoverOptions> | false> | undefined;
}

declare module '@fwk/resilience' {
  interface KindOptions extends ClientFields {}

  interface KindSettings {
    readonly wire?: WireChoice;
    readonly balancer?: ClientBalancerSettings;
    readonly routing?: Omit<ClientRouting, 'keyOf'>;
    readonly ejection?: Partial<EjectionOptions> | false;
    readonly shadow?: Partial<Omit<ShadowOptions, 'compare'>> | false;
    readonly failover?: Partial<FailoverOptions> | false;
  }
}

const balancer: Rule = (value) =>
  typeof value === 'string' || isObject(value)
    ? undefined
    : "a balancer, such as roundRobin(), 'round-robin' or { kind: 'ring-hash', key: 'header:x-user' }";
const optionsOrFalse: Rule = (value) =>
  value === false || isObject(value) ? undefined : 'an object with options, or false';
const options: Rule = (value) => (isObject(value) ? undefined : 'an object with options');

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const owner = '@fwk/http';

/** Those of the head of this file, for kinds of clients. */
export const clientFields: readonly KindField[] = Object.freeze([
  kindField({ name: 'wire', owner, rule: oneOf('auto', 'local', 'http', 'mux') }),
  kindField({
    name: 'balancer',
    owner,
    rule: balancer,
    check: (value) => void balancerFrom(value as ClientBalancer),
    merge: mergeBalancers,
    show: showBalancer,
  }),
  kindField({
    name: 'ejection',
    owner,
    rule: optionsOrFalse,
    check(value) {
      if (value !== false) checkEjection(value as Partial<EjectionOptions>);
    },
    defaults: ejectionDefaults,
    rules: ejectionRules,
    optionsType: 'EjectionOptions',
  }),
  kindField({
    name: 'routing',
    owner,
    rule: options,
    check: (value) => void checkClientRouting(value as ClientRouting),
    // A split or a list of tags is meant as it stands: merged with that of another level it would be neither's.
    merge: (over, under) =>
      isObject(over) && isObject(under) && !isLive(over) && !isLive(under) ? { ...under, ...over } : over,
    defaults: routingDefaults,
    rules: routingRules,
    optionsType: 'RoutingOptions',
    anyData: true,
  }),
  kindField({
    name: 'shadow',
    owner,
    rule: optionsOrFalse,
    check(value) {
      if (value !== false) checkShadow(value as Partial<ShadowOptions>);
    },
    defaults: shadowDefaults,
    rules: shadowRules,
    optionsType: 'ShadowOptions',
    anyData: true,
  }),
  kindField({
    name: 'failover',
    owner,
    rule: optionsOrFalse,
    check(value) {
      if (value !== false) checkFailover(value as Partial<FailoverOptions>);
    },
    defaults: failoverDefaults,
    rules: failoverRules,
    optionsType: 'FailoverOptions',
    anyData: true,
  }),
]);
