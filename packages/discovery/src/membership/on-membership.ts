import { OptionsError } from '@fwk/kernel';
import type { MembershipChange } from './membership-change.js';

/** A method that is told of changes. What it throws, or rejects with, is logged. */
export type MembershipMethod = (change: MembershipChange) => void | Promise<void>;

/** The decorator that {@link OnMembership} makes; legacy or standard. */
export interface MembershipDecorator {
  <M extends MembershipMethod>(target: object, method: string | symbol, descriptor: TypedPropertyDescriptor<M>): void;
  <This extends object>(
    target: (this: This, change: MembershipChange) => void | Promise<void>,
    context: ClassMethodDecoratorContext<This>,
  ): void;
}

/** A method that {@link OnMembership} stands on. */
export interface DeclaredListener {
  readonly service: string;
  readonly method: string | symbol;
}

const onPrototypes = new WeakMap<object, DeclaredListener[]>();
const onInstances = new WeakMap<object, DeclaredListener[]>();

/**
 * Calls a method of each instance that the application holds with the endpoints of a service, as soon as some are known,
 * and with each change from then on, until the application stops. Needs `discovery()` in the application.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` when the service has no name or it does not stand on a method.
 * @example `@OnMembership('pricing') pricesMoved({ added, removed }: MembershipChange) { ... }`
 */
export function OnMembership(service: string): MembershipDecorator {
  if (typeof service !== 'string' || service === '') {
    throw new OptionsError('@OnMembership', ['service must be a non-empty string']);
  }
  return (target: object, second: unknown, descriptor?: PropertyDescriptor): void => {
    if (typeof second === 'object' && second !== null) {
      const context = second as ClassMethodDecoratorContext<object>;
      if (context.kind !== 'method') throw misplaced(service, context.name);
      // By name, not by function: decorators above this one may still replace the method.
      context.addInitializer(function (this: object) {
        declare(onInstances, this, { service, method: context.name });
      });
      return;
    }
    if (typeof descriptor?.value !== 'function') throw misplaced(service, second as string | symbol);
    declare(onPrototypes, target, { service, method: second as string | symbol });
  };
}

/** The listeners declared on an instance, its class and the classes above; each pair of service and method once. */
export function declaredListeners(instance: object): readonly DeclaredListener[] {
  const found = [...(onInstances.get(instance) ?? [])];
  for (let each: object | null = Object.getPrototypeOf(instance); each; each = Object.getPrototypeOf(each)) {
    found.push(...(onPrototypes.get(each) ?? []));
  }
  const same = (a: DeclaredListener, b: DeclaredListener) => a.service === b.service && a.method === b.method;
  return found.filter((listener, index) => found.findIndex((other) => same(other, listener)) === index);
}

function declare(table: WeakMap<object, DeclaredListener[]>, key: object, listener: DeclaredListener): void {
  table.set(key, [...(table.get(key) ?? []), listener]);
}

function misplaced(service: string, name: string | symbol): OptionsError {
  return new OptionsError('@OnMembership', [`"${service}" must stand on a method, which "${String(name)}" is not`]);
}
