import { type Class, Injectable } from '@fwk/core';
import { FwkError, nearestName, showValue } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import { checkContract } from '../contract/contract-error.js';
import type { AnyContract, Handlers } from '../contract/contract-types.js';
import { checkServerPolicyOptions, type ServerPolicyOptions } from './server-policy-options.js';

/** The operations behind one server scope: those of a contract, or the routes of a program. */
export interface ServedPlans {
  readonly name: string;
  readonly version: string;
  readonly plans: readonly OperationPlan<string>[];
}

/** A contract with what answers it, ready to be served. */
export interface Served {
  readonly contract: AnyContract;
  /** Handlers by operation; methods are called on this object. */
  readonly handlers: object;
  /** What stands before them, over the options of the whole server. @defaultValue nothing more */
  readonly options?: ServerPolicyOptions | undefined;
}

/** A class cannot serve. Code `FWK_HTTP_NOT_SERVED`. */
export class NotServedError extends FwkError {
  constructor(what: string, why: string) {
    super('FWK_HTTP_NOT_SERVED', `${what} cannot be served: ${why}`, { details: { what, why } });
  }
}

/** Where a class keeps its contract; registered, so that a duplicate copy of this package finds it too. */
const servesKey = Symbol.for('@fwk/http/serves');
const optionsKey = Symbol.for('@fwk/http/serves-options');

/**
 * Says which contract a class serves; the class becomes injectable (singleton). Works as a legacy and as a standard
 * decorator. Give the class to `http({ serve: [...] })`.
 * @param options - of what stands before its handlers.
 * @throws ContractError `FWK_HTTP_CONTRACT_INVALID` for what is no contract
 * @example @Serves(inventory) class InventoryService implements Handlers<typeof inventory> { ... }
 */
export function Serves<C extends AnyContract>(
  contract: C,
  options?: ServerPolicyOptions,
): (target: Class<Handlers<C>>, context?: ClassDecoratorContext) => void {
  checkContract('@Serves()', contract);
  const injectable = Injectable();
  return (target, context) => {
    injectable(target, context);
    Object.defineProperty(target, servesKey, { value: contract });
    Object.defineProperty(target, optionsKey, { value: options });
  };
}

/**
 * The contract that a class serves.
 * @throws NotServedError `FWK_HTTP_NOT_SERVED` when it is not decorated; a subclass must be decorated itself.
 */
export function contractServedBy(target: Class<unknown>): AnyContract {
  if (typeof target === 'function' && Object.hasOwn(target, servesKey)) {
    return Reflect.get(target, servesKey) as AnyContract;
  }
  throw new NotServedError(...refusalOf(target));
}

/** What was given in the place of a class that serves, and what to do about it. */
function refusalOf(given: unknown): [what: string, why: string] {
  const usual = 'decorate the class with @Serves(contract), or give served(contract, handlers)';
  if (typeof given === 'function') return [`the class ${given.name || 'without a name'}`, usual];
  if (given === undefined) {
    return ['undefined', 'either the name is misspelt, or two modules import each other and the class is not made yet'];
  }
  if (typeof given !== 'object' || given === null) return [showValue(given), usual];
  if (Reflect.get(given, 'kind') === 'fwk.contract') {
    return [`the contract "${Reflect.get(given, 'name')}"`, 'it has no handlers: give served(contract, handlers)'];
  }
  const owner = given.constructor;
  if (typeof owner === 'function' && Object.hasOwn(owner, servesKey)) {
    return [
      `an instance of ${owner.name}`,
      'give the class itself, which the container builds, or served(contract, instance)',
    ];
  }
  return ['an object', 'give served(contract, handlers), which says what it serves'];
}

/** The options that were given with it. */
export function optionsServedWith(target: Class<unknown>): ServerPolicyOptions | undefined {
  return Object.hasOwn(target, optionsKey) ? (Reflect.get(target, optionsKey) as ServerPolicyOptions) : undefined;
}

/** Whether a value was made by {@link served}. */
export function isServed(value: unknown): value is Served {
  if (typeof value !== 'object' || value === null) return false;
  const { contract, handlers } = value as Partial<Served>;
  return contract?.kind === 'fwk.contract' && typeof handlers === 'object' && handlers !== null;
}

/**
 * Refuses what {@link served} has not made.
 * @throws NotServedError `FWK_HTTP_NOT_SERVED`
 */
export function checkServed(given: unknown): void {
  if (isServed(given)) return;
  const isClass = typeof given === 'function' && Object.hasOwn(given, servesKey);
  if (!isClass) throw new NotServedError(...refusalOf(given));
  throw new NotServedError(
    `the class ${given.name}`,
    'createServer() has no container to build it: give served(contract, new ...), or http({ serve }) to an application',
  );
}

/**
 * Pairs a contract with its handlers, without decorators and container.
 * @param options - of what stands before the handlers; they lie over those of the whole server.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, ContractError `FWK_HTTP_CONTRACT_INVALID`, NotServedError `FWK_HTTP_NOT_SERVED`
 *   when a handler is missing.
 */
export function served<C extends AnyContract>(
  contract: C,
  handlers: Handlers<C>,
  options?: ServerPolicyOptions,
): Served {
  checkContract('served()', contract);
  if (typeof handlers !== 'object' || handlers === null) {
    throw new NotServedError(
      `contract "${contract.name}"`,
      'its handlers must be an object with a function for each operation',
    );
  }
  const missing = contract.plans.filter(({ name }) => typeof Reflect.get(handlers, name) !== 'function');
  if (missing.length > 0) {
    const spare = methodsOf(handlers).filter((method) => !contract.plans.some(({ name }) => name === method));
    const names = missing.map(({ name }) => {
      const nearest = nearestName(name, spare);
      return nearest === undefined ? name : `${name} (is "${nearest}" meant to be it?)`;
    });
    throw new NotServedError(
      `contract "${contract.name}"`,
      `${nameOf(handlers)} has no handler for ${names.join(', ')}; each operation needs a method of its name`,
    );
  }
  if (options === undefined) return { contract, handlers };
  return { contract, handlers, options: checkServerPolicyOptions(`served "${contract.name}"`, options) };
}

/** The functions of an object and of its classes. */
function methodsOf(handlers: object): readonly string[] {
  const names = new Set<string>();
  for (let at: object | null = handlers; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const { value } = Object.getOwnPropertyDescriptor(at, name) ?? {};
      if (typeof value === 'function' && name !== 'constructor') names.add(name);
    }
  }
  return [...names];
}

function nameOf(handlers: object): string {
  const { name } = handlers.constructor ?? {};
  return name && name !== 'Object' ? name : 'the object of its handlers';
}
