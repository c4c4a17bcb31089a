/**
 * What the decorators have in common: they collect what stands on one method and make one policy of it.
 *
 * The first decorator replaces the method by a guarded one; every further decorator finds that and adds to its options.
 * So the order in which they are written does not matter. The policy is built at the first call: once for each registry
 * of policies that containers of its instances know (the scopes of requests know that of their application), once for all
 * instances made by plain `new` and for the class itself. State (windows, places, budgets) is therefore shared by all
 * calls of the method, never made by a call.
 */
import { OptionsError, ownerOf, type Resolver, standInFor } from '@fwk/kernel';
import type { FailedCall, FallbackEntry, FallbackHandler } from '../fallback/fallback-options.js';
import { policyNames } from '../policy/named-methods.js';
import { policy } from '../policy/policy.js';
import type { PolicyLayer } from '../policy/policy-layer.js';
import type { PolicyOptions } from '../policy/policy-options.js';
import { type PolicyRegistry, policyRegistryToken } from '../policy/policy-registry.js';

/** A method as the decorators see it. */
export type Method = (this: unknown, ...args: readonly unknown[]) => unknown;

/** What one decorator adds; `named` is the name of a policy that the options stand over. */
export interface MethodOptions extends Omit<PolicyOptions, 'fallback' | 'classifier' | 'wire'> {
  readonly fallback?: FallbackHandler | FallbackEntry;
  readonly named?: string;
}

const guardedMethods = new WeakMap<Method, GuardedMethod>();

/**
 * Adds a decorator's options to a method.
 * @returns the guarded method; the same one for every decorator that stands directly on it.
 * @throws OptionsError when the options are refused, contradict the others, or stand twice
 */
export function guardMethod(method: Method, key: string, decorator: string, added: MethodOptions): Method {
  const known = guardedMethods.get(method);
  const guarded = known ?? new GuardedMethod(method, key);
  guarded.add(decorator, added);
  return guarded.face;
}

/** The policy behind a decorated method, as calls of this instance meet it; undefined for a plain method. */
export function policyOf(instance: object, key: string): PolicyLayer | undefined {
  const method: unknown = Reflect.get(instance, key);
  return typeof method === 'function' ? guardedMethods.get(method as Method)?.policyFor(instance) : undefined;
}

interface Built {
  readonly policy: PolicyLayer;
  readonly call: Method;
}

/** Told once a name. */
const toldUnprovided = new Set<string>();

function tellUnprovided(name: string, where: string): void {
  if (toldUnprovided.has(name)) return;
  toldUnprovided.add(name);
  process.emitWarning(
    `@Policy("${name}") on ${where} does nothing: no application with resilience() made the instance, so no policy of that name is known`,
    {
      code: 'FWK_RESILIENCE_POLICY_UNPROVIDED',
      detail:
        'Let the container of an application with resilience({ policies }) build it, or set the layers on the method itself (@Retry, @CircuitBreaker, ...).',
    },
  );
}

class GuardedMethod {
  readonly face: Method;
  readonly #method: Method;
  readonly #key: string;
  #options: MethodOptions = {};
  #fallbacks: readonly (FallbackHandler | FallbackEntry)[] = [];
  readonly #byRegistry = new WeakMap<PolicyRegistry, Built>();
  /** What was found for an owner, so that a call need not ask the container for its registry. */
  readonly #byOwner = new WeakMap<Resolver, Built>();
  #unowned: Built | undefined;

  constructor(method: Method, key: string) {
    this.#method = method;
    this.#key = key;
    const find = (self: unknown) => this.#builtFor(self);
    this.face = standInFor(method, function guarded(this: unknown, ...args: readonly unknown[]): unknown {
      let built: Built;
      try {
        built = find(this);
      } catch (error) {
        // An unknown policy name shows at the first call; a method that answers promises must not throw.
        return Promise.reject(error);
      }
      return built.call.apply(this, args as unknown[]);
    });
    guardedMethods.set(this.face, this);
  }

  add(decorator: string, { fallback, ...added }: MethodOptions): void {
    const owner = `@${decorator} on ${this.#key}`;
    const twice = Object.keys(added).filter((field) => field in this.#options);
    if (twice.length > 0) throw new OptionsError(owner, [`${twice.join(', ')} was set already by another decorator`]);
    const options = { ...this.#options, ...added };
    const { named: _, ...checked } = options;
    // Checked now, when the class is defined, so that a mistake does not wait for the first call.
    policy(this.#key, { ...checked, fallback });
    this.#options = options;
    if (added.named !== undefined) policyNames.set(this.face, added.named);
    // Decorators are applied from the method outwards: the nearest fallback is asked first.
    if (fallback) this.#fallbacks = [...this.#fallbacks, fallback];
  }

  policyFor(instance: object): PolicyLayer {
    return this.#builtFor(instance).policy;
  }

  #builtFor(self: unknown): Built {
    const owner = isObject(self) ? ownerOf(self) : undefined;
    if (!owner) return this.#builtWithout(self);
    let built = this.#byOwner.get(owner);
    if (!built) {
      const registry = owner.find(policyRegistryToken);
      built = registry ? this.#builtIn(registry, self) : this.#builtWithout(self);
      this.#byOwner.set(owner, built);
    }
    return built;
  }

  #builtIn(registry: PolicyRegistry, self: unknown): Built {
    let built = this.#byRegistry.get(registry);
    if (!built) {
      built = this.#build(self, registry);
      this.#byRegistry.set(registry, built);
    }
    return built;
  }

  #builtWithout(self: unknown): Built {
    this.#unowned ??= this.#build(self, undefined);
    return this.#unowned;
  }

  #build(self: unknown, registry: PolicyRegistry | undefined): Built {
    const { named, ...layers } = this.#options;
    const own: PolicyOptions = this.#fallbacks.length > 0 ? { ...layers, fallback: this.#fallbacks } : layers;
    // Without a container nobody can have defined it: the method runs with what stands on it, as in a unit test.
    const made =
      named !== undefined && registry
        ? registry.named(named, own)
        : policy(named ?? `${classNameOf(self, this.#key, this.face)}${this.#key}`, own, registry?.env);
    if (named === undefined) registry?.add(made);
    else if (!registry) tellUnprovided(named, `${classNameOf(self, this.#key, this.face)}${this.#key}`);
    return { policy: made, call: made.wrap(this.#method) };
  }
}

/** `Checkout.`: the class that declares the method, which may be a base of the instance's own. */
function classNameOf(self: unknown, key: string, face: Method): string {
  for (let at = self; isObject(at); at = Object.getPrototypeOf(at)) {
    if (Object.getOwnPropertyDescriptor(at, key)?.value === face) return `${ownNameOf(at)}.`;
  }
  return isObject(self) ? `${ownNameOf(self)}.` : '';
}

/** A static method is called on the class itself. */
function ownNameOf(self: object): string {
  return typeof self === 'function' ? self.name : self.constructor.name;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** A fallback that is another method of the instance, or of the class. */
export function methodFallback(method: string): FallbackHandler {
  const handler: FallbackHandler = (error: unknown, call: FailedCall) => {
    const { self } = call;
    const target: unknown = isObject(self) ? Reflect.get(self, method) : undefined;
    if (typeof target !== 'function') throw new TypeError(`@Fallback: \`this\` has no method "${method}"`);
    return Reflect.apply(target, self, [error, call]);
  };
  return Object.defineProperty(handler, 'name', { value: method });
}
