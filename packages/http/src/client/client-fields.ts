/**
 * The options of a policy that only clients have, and that are no layer's. They are known to all policies as soon as this
 * package is loaded, so that configuration may hold them.
 */
import { type Balancer, checkEjection, type EjectionOptions, ejectionDefaults } from '@fwk/discovery';
import { type Live, oneOf, type Rule } from '@fwk/kernel';
import { type KindField, kindField } from '@fwk/resilience';
import type { WireChoice } from '../calling/wire-choice.js';

/** See the head of this file. */
export interface ClientFields {
  /**
   * Which wire calls take: with `auto` Mux to the endpoints that say that they serve it and HTTP to all others, with `http`
   * HTTP wherever it is served, with `mux` Mux everywhere but to Unix sockets. A change holds for later calls; calls under way
   * stay on their wire. @defaultValue 'auto'
   */
  readonly wire?: WireChoice | Live<WireChoice> | undefined;
  /** How an endpoint is chosen, such as `roundRobin()`. @defaultValue `p2c()`: power of two choices over peak EWMA */
  readonly balancer?: Balancer | Live<Balancer> | undefined;
  /** When endpoints are no longer picked, or false for never. @defaultValue {@link ejectionDefaults} */
  readonly ejection?: Partial<EjectionOptions> | false | Live<Partial<EjectionOptions> | false> | undefined;
}

declare module '@fwk/resilience' {
  interface KindOptions extends ClientFields {}

  interface KindSettings {
    readonly wire?: WireChoice;
    readonly ejection?: Partial<EjectionOptions> | false;
  }
}

const balancer: Rule = (value) =>
  typeof value === 'object' && value !== null && 'picker' in value ? undefined : 'a balancer, such as roundRobin()';
const optionsOrFalse: Rule = (value) =>
  value === false || (typeof value === 'object' && value !== null && !Array.isArray(value))
    ? undefined
    : 'an object with options, or false';

/** Those of the head of this file, for kinds of clients. */
export const clientFields: readonly KindField[] = Object.freeze([
  kindField({ name: 'wire', rule: oneOf('auto', 'http', 'mux') }),
  kindField({
    name: 'balancer',
    rule: balancer,
    merge: (over) => over,
    show: (value) => (value as Balancer).role,
  }),
  kindField({
    name: 'ejection',
    rule: optionsOrFalse,
    check(value) {
      if (value !== false) checkEjection(value as Partial<EjectionOptions>);
    },
    defaults: ejectionDefaults,
  }),
]);
