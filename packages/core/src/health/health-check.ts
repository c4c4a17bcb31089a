import { type CallContext, OptionsError } from '@fwk/kernel';
import type { probeGroups } from './check-plan.js';

/** The probes of the platform. */
export type ProbeGroup = (typeof probeGroups)[number];

/** Options of {@link HealthCheck}. */
export interface HealthCheckOptions {
  /** The probe that it counts for. @defaultValue 'readiness' */
  readonly group?: ProbeGroup;
  /** Several probes, or groups of your own, in place of `group`. @defaultValue none */
  readonly groups?: readonly string[];
  /** Whether the application can do without what is checked; see `HealthIndicator`. @defaultValue that it cannot */
  readonly optional?: boolean;
  /** Time after which a run counts as DOWN, in milliseconds. @defaultValue 1000 */
  readonly timeoutMs?: number;
  /** Time between runs, in milliseconds. @defaultValue 5000 */
  readonly intervalMs?: number;
}

/**
 * A method that checks. It may answer (or promise) a whole `HealthReport`, true or nothing for UP, false for DOWN;
 * anything else is DOWN. Throwing means DOWN, with the error's message as the reason.
 */
export type HealthCheckMethod = (context: CallContext) => unknown;

/** A check that was declared on a method. */
export interface DeclaredCheck extends HealthCheckOptions {
  readonly name: string;
  readonly method: string | symbol;
}

const onPrototypes = new WeakMap<object, DeclaredCheck[]>();
const onInstances = new WeakMap<object, DeclaredCheck[]>();

/** The decorator that {@link HealthCheck} makes; legacy or standard. */
export interface HealthCheckDecorator {
  <M extends HealthCheckMethod>(target: object, method: string | symbol, descriptor: TypedPropertyDescriptor<M>): void;
  <This extends object>(
    target: (this: This, context: CallContext) => unknown,
    context: ClassMethodDecoratorContext<This>,
  ): void;
}

/**
 * Makes a method a health check of every instance that the application's container builds. It runs in the background
 * and is told to stop by its context; probes answer from its last result.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` when it has no name
 */
export function HealthCheck(name: string, options: HealthCheckOptions = {}): HealthCheckDecorator {
  if (typeof name !== 'string') throw new OptionsError('@HealthCheck', ["it needs a name: @HealthCheck('database')"]);
  return (target: object, second: unknown): void => {
    if (typeof second === 'object' && second !== null) {
      const context = second as ClassMethodDecoratorContext<object>;
      // By name, not by function: decorators above this one may still replace the method.
      context.addInitializer(function (this: object) {
        declare(onInstances, this, { ...options, name, method: context.name });
      });
    } else declare(onPrototypes, target, { ...options, name, method: second as string | symbol });
  };
}

/** The checks declared on an instance, its class and the classes above. */
export function declaredChecks(instance: object): readonly DeclaredCheck[] {
  const found = [...(onInstances.get(instance) ?? [])];
  for (let each: object | null = Object.getPrototypeOf(instance); each; each = Object.getPrototypeOf(each)) {
    found.push(...(onPrototypes.get(each) ?? []));
  }
  return found.filter((check, index) => found.findIndex((other) => other.method === check.method) === index);
}

function declare(table: WeakMap<object, DeclaredCheck[]>, key: object, check: DeclaredCheck): void {
  table.set(key, [...(table.get(key) ?? []), check]);
}
