import { currentResolver, ownerOf, standInFor } from '@fwk/kernel';
import { ConfigError } from '../errors.js';
import type { FlagContext } from './flag-context.js';
import { type Flags, flagsToken } from './flags.js';

/** A method that {@link Flag} decorates: it may be given the context to ask for. */
export type FlagMethod<V> = (context?: FlagContext) => V;

/** What {@link Flag} decorates: a getter or a method, under standard (TC39) and under legacy decorators. */
export interface FlagDecorator {
  <This extends object, V>(get: (this: This) => V, context: ClassGetterDecoratorContext<This, V>): (this: This) => V;
  <This extends object, V>(
    method: (this: This, context?: FlagContext) => V,
    context: ClassMethodDecoratorContext<This, (this: This, context?: FlagContext) => V>,
  ): (this: This, context?: FlagContext) => V;
  <V>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<V>): TypedPropertyDescriptor<V>;
}

type Body = (this: object, context?: FlagContext) => unknown;

/**
 * Makes a getter or method answer the flag: for the context of the current call, or the one that the method is given. The body is the
 * default: it answers where the flag is missing, of another kind, or has no answer, and always in an object that no container built.
 * @throws ConfigError `FWK_CONFIG_DECORATOR_MISPLACED` on anything but a getter or method.
 * @example `@Flag('express-checkout') get express() { return false; }`
 * @example `@Flag('express-checkout') expressFor(user?: FlagContext) { return false; }`
 */
export function Flag(name: string): FlagDecorator {
  function decorate(
    target: object,
    place: string | symbol | ClassGetterDecoratorContext | ClassMethodDecoratorContext,
    descriptor?: PropertyDescriptor,
  ): unknown {
    if (typeof place === 'object') {
      if (place.kind !== 'getter' && place.kind !== 'method') throw misplaced(name, place);
      return asking(name, target as Body);
    }
    if (descriptor?.get) return { ...descriptor, get: asking(name, descriptor.get as Body) };
    if (typeof descriptor?.value !== 'function') throw misplaced(name, { name: place });
    return { ...descriptor, value: asking(name, descriptor.value as Body) };
  }
  return decorate as FlagDecorator;
}

function asking(name: string, body: Body): Body {
  const known = new WeakMap<object, Flags>();
  return standInFor(body, function ask(this: object, context?: FlagContext): unknown {
    const flags = known.get(this) ?? find(this, known);
    const fallback = body.call(this, context);
    return flags ? flags.value(name, fallback, context) : fallback;
  });
}

/** Nothing while the object has no owner, which in its own constructor it has not yet. */
function find(self: object, known: WeakMap<object, Flags>): Flags | undefined {
  const owner = ownerOf(self);
  const flags = (owner ?? currentResolver())?.find(flagsToken);
  if (flags && owner) known.set(self, flags);
  return flags;
}

function misplaced(flag: string, place: { readonly name: string | symbol }): ConfigError {
  const name = String(place.name);
  return new ConfigError(
    'FWK_CONFIG_DECORATOR_MISPLACED',
    `@Flag("${flag}") stands on "${name}", which is no getter or method; write get ${name}() { return <default>; }`,
  );
}
