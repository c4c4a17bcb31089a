import { type Class, checkOptions, OptionsError, oneOf, optional, sharedState } from '@fwk/kernel';
import { captureParameterTypes } from './constructor-parameters.js';

/**
 * How long one instance serves. `singleton`: as long as the container; `request`: as long as the scope it was asked of;
 * `transient`: whoever asks gets a new one.
 */
export type Scope = 'singleton' | 'transient' | 'request';

/** Options of {@link Injectable}. */
export interface InjectableOptions {
  /** @defaultValue 'singleton' */
  readonly scope?: Scope;
}

const scopes = sharedState('core/scopes', () => new WeakMap<object, Scope>());

/**
 * Marks a class as registered in every container. Works as a legacy and as a standard decorator; the class stays an
 * ordinary class. A decorator that implies this one must call `Injectable()` when its own factory runs, not later: only
 * so can the types be seen that a compiler emits.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function Injectable(
  options: InjectableOptions = {},
): (target: Class<unknown>, context?: ClassDecoratorContext) => void {
  if (typeof options === 'function') throw new OptionsError('@Injectable', ['write @Injectable(), with parentheses']);
  checkOptions<InjectableOptions>(
    '@Injectable',
    options,
    {},
    { scope: optional(oneOf('singleton', 'transient', 'request')) },
  );
  const captured = captureParameterTypes();
  return (target) => {
    captured();
    scopes.set(target, options.scope ?? 'singleton');
  };
}

/** The scope a class was marked with; undefined for a class that was not. A subclass must be marked itself. */
export function markedScope(target: object): Scope | undefined {
  return scopes.get(target);
}
