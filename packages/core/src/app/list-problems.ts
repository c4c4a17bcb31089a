/** What is wrong with the items of the lists that an application is given, each with what to write in its place. */
import { type Env, showValue, unknownName } from '@fwk/kernel';

/** Components: `use`. */
export function componentProblems(list: readonly unknown[]): readonly string[] {
  return list.flatMap((each, index) => {
    if (isObject(each) && typeof Reflect.get(each, 'name') === 'string' && Reflect.get(each, 'name') !== '') return [];
    if (listens(each)) return [`use[${index}] must be a component, not ${aProgram}`];
    return [`use[${index}] must be a component, ${saidOf(each, 'an object with a name')}`];
  });
}

/** Classes and pairs: `providers` and `overrides`. */
export function providerProblems(field: string, list: readonly unknown[]): readonly string[] {
  return list.flatMap((each, index) => {
    if (typeof each === 'function' || (Array.isArray(each) && each.length === 2)) return [];
    const owner = isObject(each) && !Array.isArray(each) ? classNameOf(each) : undefined;
    const instead = owner && `; for an instance that exists give [${owner}, { useValue: it }]`;
    return [`${field}[${index}] must be a class or a pair [key, provider], not ${shownOf(each)}${instead ?? ''}`];
  });
}

/** Health checks: `checks`. */
export function checkProblems(list: readonly unknown[]): readonly string[] {
  return list.flatMap((each, index) => {
    if (typeof each === 'function' || isObject(each)) return [];
    return [`checks[${index}] must be a health check or a class of one, not ${shownOf(each)}`];
  });
}

const envParts = [
  'clock',
  'random',
  'events',
  'metrics',
  'logger',
  'classifier',
  'path',
  'endpoint',
  'tracer',
] as const satisfies readonly (keyof Env)[];

/** Parts of the environment: `env`. */
export function envProblems(env: object): readonly string[] {
  const unknown = Object.keys(env).filter((name) => !envParts.some((part) => part === name));
  return unknown.map((name) => unknownName('env has an unknown part', name, envParts));
}

const aProgram = 'a server or an application of another framework: give protect(it) of @fwk/http/protect';

/** Servers of Node.js and applications of Express, Fastify and NestJS have `listen`. */
function listens(given: unknown): boolean {
  const mayHave = isObject(given) || typeof given === 'function';
  return mayHave && typeof Reflect.get(given, 'listen') === 'function';
}

function saidOf(given: unknown, kind: string): string {
  if (given instanceof Promise) return 'not a promise: await it';
  if (typeof given === 'function') {
    const name = given.name || 'it';
    return isClass(given) ? `not the class ${name}: give an instance` : `not a function: call it, ${name}()`;
  }
  return `${kind}, not ${shownOf(given)}`;
}

function shownOf(given: unknown): string {
  if (given === undefined)
    return 'undefined; either it is misspelt, or two modules import each other and it is not made yet';
  const owner = isObject(given) && !Array.isArray(given) ? classNameOf(given) : undefined;
  return owner === undefined ? showValue(given) : `an instance of ${owner}`;
}

function classNameOf(given: object): string | undefined {
  const { name } = given.constructor ?? {};
  return name && name !== 'Object' ? name : undefined;
}

function isClass(given: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(given));
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null;
}
