import type { Class } from '@fwk/kernel';
import type { ParameterSource } from './construct.js';
import { metadataReflect } from './constructor-parameters.js';
import type { Scope } from './injectable.js';

/**
 * Classes decorated for tsyringe. tsyringe constructs them, by its public entry alone, and every parameter that it asks
 * for comes from our container. It is loaded only in programs that have a Reflect polyfill, without which its decorators
 * cannot run: by an application when it starts, elsewhere by {@link loadTsyringe}.
 */
export interface TsyringeBridge {
  /** The scope that tsyringe's decorators gave to a class; undefined for a class that is none of its own. */
  scopeOf(target: Class<unknown>): Scope | undefined;
  /** Constructs a class of its own. @throws whatever the source or the constructor throws */
  construct(target: Class<unknown>, source: ParameterSource): unknown;
}

type Container = typeof import('tsyringe').container;
type ConcreteClass = new (...parameters: unknown[]) => unknown;

let bridge: TsyringeBridge | undefined;

/** The bridge, once it is loaded. */
export function tsyringeBridge(): TsyringeBridge | undefined {
  return bridge;
}

/**
 * Makes classes known to all containers that are decorated for tsyringe: with `@singleton()`, `@scoped()`, or with
 * `@injectable()` where the constructor has parameters (without any, tsyringe shows no trace of it: register such a class,
 * or give it our own `@Injectable({ scope: 'transient' })`). `app.start()` calls this itself; call it where you use
 * `createContainer()` alone. Does nothing in a program without a Reflect polyfill.
 */
export async function loadTsyringe(): Promise<void> {
  if (bridge || !metadataReflect.getMetadata) return;
  const { container } = await import('tsyringe');
  bridge ??= bridgeTo(container);
}

function bridgeTo(global: Container): TsyringeBridge {
  const scopes = new WeakMap<Class<unknown>, Scope | 'foreign'>();
  return {
    scopeOf(target) {
      let scope = scopes.get(target);
      if (scope === undefined) {
        scope = scopeIn(global, target as ConcreteClass) ?? 'foreign';
        scopes.set(target, scope);
      }
      return scope === 'foreign' ? undefined : scope;
    },
    construct: (target, source) => {
      const concrete = target as ConcreteClass;
      const child = childOf(global, concrete);
      let failure: { readonly error: unknown } | undefined;
      const ask = (key: unknown) => {
        try {
          return source.get(key);
        } catch (error) {
          failure ??= { error };
          throw error;
        }
      };
      try {
        return resolveWith(child, concrete, ask);
      } catch (error) {
        // tsyringe rewrites what its parameters throw into a plain error; the first one is the true one.
        throw failure ? failure.error : error;
      }
    },
  };
}

/** A container for one construction: tsyringe's own would keep every disposable thing it made for ever. */
function childOf(global: Container, concrete: ConcreteClass): Container {
  return global.createChildContainer().register(concrete, { useClass: concrete });
}

/** Lets tsyringe construct a class; `ask` answers what it wants as parameters. */
function resolveWith(child: Container, concrete: ConcreteClass, ask: (key: unknown) => unknown): unknown {
  const resolve = child.resolve.bind(child) as (...parameters: unknown[]) => unknown;
  child.resolve = ((key: unknown, ...rest: unknown[]) =>
    isTsyringeOnly(key) ? resolve(key, ...rest) : ask(key)) as typeof child.resolve;
  return resolve(concrete);
}

function scopeIn(global: Container, target: ConcreteClass): Scope | undefined {
  // A child container has registrations of its own exactly for what is container-scoped.
  if (global.createChildContainer().isRegistered(target)) return 'request';
  if (global.isRegistered(target)) return 'singleton';
  return isInjectable(global, target) ? 'transient' : undefined;
}

/**
 * Whether tsyringe knows the parameters of a class. Only asking it to construct the class tells: it then asks for the
 * first parameter, and is stopped there; a class that it does not know it refuses. A constructor that needs no parameters
 * would run, so such a class is not tried.
 */
function isInjectable(global: Container, target: ConcreteClass): boolean {
  if (target.length === 0) return false;
  const child = childOf(global, target);
  const resolve = child.resolve.bind(child);
  let asked = false;
  const stop = () => {
    asked = true;
    throw new Error('known');
  };
  child.resolve = stop;
  child.resolveAll = stop;
  try {
    resolve(target);
  } catch {
    // Either stopped by us, or refused by tsyringe.
  }
  return asked;
}

/** Strings, symbols and delayed constructors mean something only to tsyringe itself. */
function isTsyringeOnly(key: unknown): boolean {
  if (typeof key === 'string' || typeof key === 'symbol') return true;
  return typeof key === 'object' && key !== null && 'createProxy' in key;
}
