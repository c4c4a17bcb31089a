import { currentResolver, type InjectionKey, ownerOf, type Resolver, standInFor } from '@fwk/kernel';
import { currentFrame, nameOf } from './building.js';
import { setParameter } from './constructor-parameters.js';
import { InjectOutsideError, UndefinedKeyError } from './container-errors.js';

/**
 * Answers what is registered under the key, while a container builds the caller: in field initialisers, constructors
 * and factories. Needs no decorator and no metadata.
 * @throws InjectOutsideError (`FWK_CORE_INJECT_OUTSIDE`) anywhere else, and what `Container.get` throws.
 * @example class Checkout { private readonly prices = inject(Prices); }
 */
export function inject<T>(key: InjectionKey<T>): T {
  // A container of another copy of this package builds as well; what it builds has its resolver.
  const resolver = currentFrame()?.resolver ?? currentResolver();
  if (!resolver) {
    // An undefined key has no name to report.
    throw new InjectOutsideError(key === undefined ? 'undefined' : nameOf(key));
  }
  return resolver.get(key);
}

/** What {@link Inject} can decorate. */
export interface InjectDecorator<T> {
  /** A constructor parameter, legacy. */
  (target: object, property: undefined, index: number): void;
  /** A getter or accessor, legacy. */
  (target: object, property: string | symbol, descriptor?: PropertyDescriptor): void;
  /** An accessor, standard. */
  <This extends object>(
    target: ClassAccessorDecoratorTarget<This, T>,
    context: ClassAccessorDecoratorContext<This, T>,
  ): ClassAccessorDecoratorResult<This, T>;
  /** A getter, standard. */
  <This extends object>(target: (this: This) => T, context: ClassGetterDecoratorContext<This, T>): (this: This) => T;
}

/**
 * Injects by decoration: a constructor parameter (legacy decorators only, standard ones have none), a getter or an
 * accessor. Getters and accessors look up when first read, so they may also close a cycle; writing to an accessor
 * replaces what it answers, for tests. Plain fields cannot be decorated safely: use {@link inject} there.
 * @throws UndefinedKeyError (`FWK_CORE_UNDEFINED_KEY`) when the key is undefined.
 */
export function Inject<T>(key: InjectionKey<T>): InjectDecorator<T> {
  if (key === undefined) throw new UndefinedKeyError([], '@Inject(undefined)');
  const found = new WeakMap<object, T>();
  const read = (self: object): T => {
    if (found.has(self)) return found.get(self) as T;
    const owner: Resolver | undefined = ownerOf(self) ?? currentFrame()?.resolver;
    if (!owner) throw new InjectOutsideError(nameOf(key));
    const value = owner.get(key);
    found.set(self, value);
    return value;
  };
  const accessors = {
    get(this: object): T {
      return read(this);
    },
    set(this: object, value: T): void {
      found.set(this, value);
    },
  };

  const decorate = (target: object, second: unknown, third?: unknown): unknown => {
    if (typeof third === 'number') return setParameter(target, third, key);
    if (typeof second === 'object' && second !== null && 'kind' in second) {
      return second.kind === 'accessor' ? accessors : standInFor(target, accessors.get);
    }
    const descriptor = third as PropertyDescriptor | undefined;
    if (descriptor?.get) standInFor(descriptor.get, accessors.get);
    return { ...accessors, configurable: true, enumerable: descriptor?.enumerable ?? false };
  };
  return decorate as InjectDecorator<T>;
}
