import { type Class, sharedState } from '@fwk/kernel';

/**
 * What is known of constructor parameters: from explicit `@Inject(key)`, and from the types that tsc and oxc emit for
 * decorated classes. The compilers' helpers hand the types to `Reflect.metadata` if that exists. Loading a polyfill for
 * it costs every program milliseconds at start; so where none is loaded, a stand-in is put there for just as long as
 * one class is being decorated, and taken away again.
 */

type AnyClass = Class<unknown>;

/** The part of `Reflect` that metadata polyfills add. */
interface MetadataReflect {
  metadata?: (key: unknown, value: unknown) => (target: object, property?: string | symbol) => void;
  defineMetadata?: (key: unknown, value: unknown, target: object, property?: string | symbol) => void;
  getMetadata?: (key: unknown, target: object) => unknown;
}

/** `Reflect` as metadata polyfills may have left it; their own types, where loaded, are more particular. */
export const metadataReflect: MetadataReflect = Reflect as object;

const typesKey = 'design:paramtypes';
const emitted = sharedState('core/emitted-types', () => new WeakMap<object, readonly unknown[]>());
const explicit = sharedState('core/explicit-keys', () => new WeakMap<object, Map<number, unknown>>());
let decorating = 0;

const standIn: NonNullable<MetadataReflect['metadata']> = (key, value) => (target, property) => {
  if (metadataReflect.defineMetadata) {
    if (property === undefined) metadataReflect.defineMetadata(key, value, target);
    else metadataReflect.defineMetadata(key, value, target, property);
  } else if (key === typesKey && property === undefined && Array.isArray(value)) {
    emitted.set(target, value as readonly unknown[]);
  }
};

/**
 * Call it when a class decorator's factory runs: compilers evaluate that before they emit the types.
 * @returns what to call when the decorator itself runs, which is after the types were handed over.
 */
export function captureParameterTypes(): () => void {
  if (metadataReflect.metadata !== undefined && metadataReflect.metadata !== standIn) return () => {};
  decorating++;
  // Configurable and writable, so that a polyfill loaded meanwhile may replace it.
  Object.defineProperty(Reflect, 'metadata', { value: standIn, configurable: true, writable: true });
  let done = false;
  return () => {
    if (done) return;
    done = true;
    decorating--;
    if (decorating === 0 && metadataReflect.metadata === standIn) delete metadataReflect.metadata;
  };
}

/** Remembers an explicit key for one parameter. */
export function setParameter(target: object, index: number, key: unknown): void {
  const known = explicit.get(target) ?? new Map<number, unknown>();
  known.set(index, key);
  explicit.set(target, known);
}

/** What is known of one constructor parameter. */
export interface Parameter {
  readonly key: unknown;
  /** True when `@Inject(key)` says it; else the compiler's type does. */
  readonly explicit: boolean;
}

/** What we know of the parameters, by position; a class without a constructor of its own has its parent's. */
export function parametersOf(target: AnyClass): ReadonlyMap<number, Parameter> {
  for (let each: object | null = target; typeof each === 'function'; each = Object.getPrototypeOf(each)) {
    const types = emitted.get(each) ?? typesFromReflect(each);
    const keys = explicit.get(each);
    if (!types && !keys) continue;
    const parameters = new Map((types ?? []).map((key, index) => [index, { key, explicit: false }]));
    for (const [index, key] of keys ?? []) parameters.set(index, { key, explicit: true });
    return parameters;
  }
  return new Map();
}

function typesFromReflect(target: object): readonly unknown[] | undefined {
  const types = metadataReflect.getMetadata?.(typesKey, target);
  return Array.isArray(types) ? types : undefined;
}
