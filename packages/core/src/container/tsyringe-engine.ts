import { createRequire } from 'node:module';
import type { Class } from '@fwk/kernel';
import { metadataReflect, parametersOf } from './constructor-parameters.js';
import { ParametersUnknownError } from './container-errors.js';
import type { Scope } from './injectable.js';

/**
 * Constructor injection by tsyringe. It fills parameters and constructs; every parameter it asks for comes to our
 * container, which owns registration, scopes, order and disposal (tsyringe turns unregistered classes into transients,
 * keeps every disposable transient, and disposes concurrently). It needs a Reflect polyfill and costs some 15 ms to
 * load, so both are loaded when the first constructor with parameters is met: programs that only use `inject()` never
 * pay. Loading is synchronous, since building is.
 */

type Tsyringe = typeof import('tsyringe');

interface Engine {
  readonly tsyringe: Tsyringe;
  /** tsyringe's own table of decorated classes; it exports it only from this file. */
  readonly typeInfo: Map<unknown, readonly unknown[]>;
}

let engine: Engine | undefined;
const prepared = new WeakSet<object>();

function load(): Engine {
  if (!engine) {
    const require = createRequire(import.meta.url);
    if (!metadataReflect.getMetadata) require('reflect-metadata/lite');
    engine = {
      tsyringe: require('tsyringe') as Tsyringe,
      typeInfo: (require('tsyringe/dist/cjs/dependency-container') as Engine).typeInfo,
    };
  }
  return engine;
}

/** The scope that tsyringe's own decorators gave to a class; undefined for a class they have not seen. */
export function tsyringeScope(target: Class<unknown>): Scope | undefined {
  // Its decorators cannot run without the polyfill, so without it nothing has to be loaded to know the answer.
  if (!metadataReflect.getMetadata || prepared.has(target)) return undefined;
  const { tsyringe, typeInfo } = load();
  if (!typeInfo.has(target)) return undefined;
  const token = target as ConcreteClass;
  // A child container has registrations of its own exactly for what is container-scoped.
  if (tsyringe.container.createChildContainer().isRegistered(token)) return 'request';
  return tsyringe.container.isRegistered(token) ? 'singleton' : 'transient';
}

type ConcreteClass = new (...parameters: unknown[]) => unknown;

/**
 * Constructs a class, its parameters filled by `ask`.
 * @throws {@link ParametersUnknownError} (`FWK_CORE_PARAMETERS_UNKNOWN`) when nothing says what a parameter is, and
 * whatever `ask` or the constructor throws.
 */
export function construct(target: Class<unknown>, ask: (key: unknown) => unknown): unknown {
  const concrete = target as ConcreteClass;
  const parameters = parametersOf(target);
  const decoratedByTsyringe = tsyringeScope(target) !== undefined;
  if (parameters.size === 0 && concrete.length === 0 && !decoratedByTsyringe) return new concrete();
  if (!decoratedByTsyringe) {
    const expected = Math.max(concrete.length, ...[...parameters.keys()].map((index) => index + 1));
    if (parameters.size < expected) {
      throw new ParametersUnknownError(target.name, parameters.size, expected);
    }
  }
  const { tsyringe, typeInfo } = load();
  if (!decoratedByTsyringe && !prepared.has(target)) {
    // Into the table at once: its `injectable()` would write into the metadata arrays that others share.
    typeInfo.set(
      target,
      Array.from({ length: parameters.size }, (_, index) => parameters.get(index)),
    );
    prepared.add(target);
  }

  // A container for this one construction: tsyringe's would keep every disposable thing it made for ever.
  const child = tsyringe.container.createChildContainer();
  const resolve = child.resolve.bind(child) as (...parameters: unknown[]) => unknown;
  child.register(concrete, { useClass: concrete });
  let failure: { readonly error: unknown } | undefined;
  child.resolve = ((key: unknown, ...rest: unknown[]) => {
    if (isTsyringeOnly(key)) return resolve(key, ...rest);
    try {
      return ask(key);
    } catch (error) {
      failure ??= { error };
      throw error;
    }
  }) as typeof child.resolve;
  try {
    return resolve(concrete);
  } catch (error) {
    // tsyringe rewrites what its parameters throw into a plain error; the first one is the true one.
    throw failure ? failure.error : error;
  }
}

/** Strings, symbols and delayed constructors mean something only to tsyringe itself. */
function isTsyringeOnly(key: unknown): boolean {
  if (typeof key === 'string' || typeof key === 'symbol') return true;
  return typeof key === 'object' && key !== null && 'createProxy' in key;
}
