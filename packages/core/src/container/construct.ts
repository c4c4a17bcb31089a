import type { Class } from '@fwk/kernel';
import { type Parameter, parametersOf } from './constructor-parameters.js';
import { ParametersUnknownError } from './container-errors.js';
import { markedScope } from './injectable.js';
import { tsyringeBridge } from './tsyringe-bridge.js';

/** Types that compilers emit where a parameter has no class: interfaces, unions, primitives, types imported as such. */
const noClasses: ReadonlySet<unknown> = new Set([
  ...[Object, String, Number, Boolean, Array, Function, Promise, Symbol, BigInt],
  ...[undefined, null],
]);

/** Who fills constructor parameters. */
export interface ParameterSource {
  /** @throws NotRegisteredError when nobody provides it. */
  get(key: unknown): unknown;
  /** Undefined when nobody provides it. */
  find(key: unknown): unknown;
}

/**
 * Constructs a class and fills the parameters of its constructor.
 *
 * A parameter with `@Inject(key)` is asked for by its key, another by the class that the compiler emitted as its type.
 * From the first parameter with a default value on (`length` of a constructor counts those before it), what no container
 * provides is left out, so that the default holds: the same under every compiler, whether it emits types or not.
 * @throws {@link ParametersUnknownError} (`FWK_CORE_PARAMETERS_UNKNOWN`) when nothing says what a parameter before that
 * is, and whatever the source or the constructor throws.
 */
export function construct(target: Class<unknown>, source: ParameterSource): unknown {
  const bridge = tsyringeBridge();
  if (bridge?.scopeOf(target)) return bridge.construct(target, source);
  const concrete = target as new (...parameters: unknown[]) => unknown;
  const known = parametersOf(target);
  const needed = neededBy(target);
  const count = Math.max(needed, ...[...known.keys()].map((index) => index + 1));
  if (count === 0) return new concrete();
  const unknown = Array.from({ length: needed }, (_, index) => index).filter((index) => !says(known.get(index)));
  if (unknown.length > 0)
    throw new ParametersUnknownError(
      target.name,
      needed,
      unknown.map((at) => described(at, known)),
    );
  const values = Array.from({ length: count }, (_, index) => {
    const parameter = known.get(index);
    if (index < needed || parameter?.explicit) return source.get(parameter?.key);
    return says(parameter) ? source.find(parameter?.key) : undefined;
  });
  // Not even undefined, which a rest parameter would count.
  while (values.length > needed && values.at(-1) === undefined) values.pop();
  return new concrete(...values);
}

/**
 * How many parameters a constructor cannot do without. A subclass that hands all of them on needs what its parent does,
 * if that is marked as well; what a library's class can do without, such as options, its `length` does not say.
 */
function neededBy(target: Class<unknown>): number {
  if (target.length > 0 || !handsAllOn(target)) return target.length;
  const parent = Object.getPrototypeOf(target);
  return typeof parent === 'function' && markedScope(parent) ? neededBy(parent) : 0;
}

/** Whether a class has no constructor, or one that a compiler added: those call `super(...args)`. */
function handsAllOn(target: Class<unknown>): boolean {
  const source = Function.prototype.toString.call(target);
  return !/\bconstructor\s?\(/.test(source) || source.includes('super(...');
}

/** Whether it is known what to ask for. An undefined type is asked for: it is a class that is not loaded yet. */
function says(parameter: Parameter | undefined): boolean {
  return parameter !== undefined && (parameter.explicit || !noClasses.has(parameter.key));
}

/** `2 (Object)`: the position, counted from 1, and what the compiler emitted. */
function described(index: number, known: ReadonlyMap<number, Parameter>): string {
  const emitted = known.get(index)?.key;
  return `${index + 1}${typeof emitted === 'function' ? ` (${emitted.name})` : ''}`;
}
