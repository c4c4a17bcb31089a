import type { CallContext, Class, Env, InjectionKey } from '@fwk/kernel';
import { copiesOf, currentContext, detached, type FwkError, makeEnv, noteCopy, setOwner } from '@fwk/kernel';
import { currentFrame, type Frame, nameOf, pathOf, within } from './building.js';
import { construct, type ParameterSource } from './construct.js';
import type { Container, Provider } from './container.js';
import {
  CaptiveDependencyError,
  ContainerDisposedError,
  CycleError,
  DisposeFailedError,
  DuplicateProviderError,
  NoScopeError,
  NotRegisteredError,
  UndefinedKeyError,
} from './container-errors.js';
import { markedScope, type Scope } from './injectable.js';
import { InstanceKeeper, markGiven } from './instance-keeper.js';
import { tsyringeBridge } from './tsyringe-bridge.js';

/** Options of {@link createContainer}. */
export interface ContainerOptions {
  /** Clock for step limits, logger for background failures. */
  readonly env?: Partial<Env>;
  /** Asked for what is not registered here. */
  readonly parent?: Container;
  /** Limit of one instance's `onStart` or disposal, in milliseconds. @defaultValue 10000 */
  readonly stepTimeoutMs?: number;
  /** Told of every class instance and factory result that the container keeps. */
  readonly onCreated?: (instance: unknown) => void;
  /** Told how long the `onStart` of an instance took, in milliseconds, by the name of its class. */
  readonly onStarted?: (name: string, durationMs: number) => void;
}

interface Registration {
  readonly name: string;
  readonly scope: Scope;
  /** Where a singleton lives. */
  readonly home: ContainerNode;
  readonly build: (owner: ContainerNode) => unknown;
  /** A value that was given: never started nor disposed. */
  readonly given: boolean;
  /** A class instance knows its container; a factory's result may be somebody else's. */
  readonly owned: boolean;
}

/** Defaults of {@link ContainerOptions}. */
export const containerDefaults = Object.freeze({ stepTimeoutMs: 10_000 });

/** Makes a container. */
export function createContainer(options: ContainerOptions = {}): Container {
  const parent = options.parent as ContainerNode | undefined;
  return new ContainerNode(options, parent, false);
}

class ContainerNode implements Container {
  readonly #options: ContainerOptions;
  readonly #parent: ContainerNode | undefined;
  readonly #isScope: boolean;
  readonly #env: Env;
  readonly #registrations = new Map<InjectionKey<unknown>, Registration>();
  readonly #overrides = new Map<InjectionKey<unknown>, Registration>();
  readonly #instances = new Map<Registration, unknown>();
  readonly #keeper: InstanceKeeper;
  readonly #scopes = new Set<ContainerNode>();
  #disposal: Promise<void> | undefined;

  constructor(options: ContainerOptions, parent: ContainerNode | undefined, isScope: boolean) {
    this.#options = options;
    this.#parent = parent;
    this.#isScope = isScope;
    this.#env = makeEnv(options.env);
    const { stepTimeoutMs = containerDefaults.stepTimeoutMs, onCreated = () => {}, onStarted = () => {} } = options;
    this.#keeper = new InstanceKeeper(
      // What lives for one request is started as a part of it; everything else is nobody's in particular.
      { env: this.#env, stepTimeoutMs, onCreated, onStarted, within: () => (isScope ? currentContext() : undefined) },
      parent ? parent.#keeper : undefined,
    );
  }

  get created(): readonly unknown[] {
    return this.#keeper.all;
  }

  register<T>(key: InjectionKey<T>, provider: Provider<T>): void {
    if (this.#registrations.has(key)) {
      throw new DuplicateProviderError(
        nameOf(key),
        'is registered already; use override() in a test, or one of the two',
      );
    }
    this.#registrations.set(key, this.#registrationOf(key, provider));
  }

  override<T>(key: InjectionKey<T>, provider: Provider<T>): void {
    const known = this.#overrides.get(key) ?? this.#registrations.get(key);
    if (known && this.#instances.has(known)) {
      throw new DuplicateProviderError(nameOf(key), 'was built already; override it before anything is asked for');
    }
    this.#overrides.set(key, this.#registrationOf(key, provider));
  }

  get<T>(key: InjectionKey<T>): T {
    const registration = this.#find(key);
    if (!registration) throw new NotRegisteredError(describeKey(key), pathOf(currentFrame()), copiesHint());
    return this.#resolve(registration) as T;
  }

  find<T>(key: InjectionKey<T>): T | undefined {
    const registration = this.#find(key);
    return registration && (this.#resolve(registration) as T);
  }

  createScope(): Container {
    if (this.#disposal) throw new ContainerDisposedError('a scope');
    // What lives for one request is no part of the application's health.
    const scope = new ContainerNode({ ...this.#options, onCreated: () => {}, onStarted: () => {} }, this, true);
    this.#scopes.add(scope);
    return scope;
  }

  start(context?: CallContext): Promise<void> {
    return this.#keeper.start(context);
  }

  dispose(withinMs = Number.POSITIVE_INFINITY): Promise<void> {
    this.#disposal ??= this.#disposeAll(withinMs);
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #find(key: InjectionKey<unknown>): Registration | undefined {
    if (!isKey(key)) throw new UndefinedKeyError(pathOf(currentFrame()), String(key));
    for (let node: ContainerNode | undefined = this; node; node = node.#parent) {
      const known = node.#overrides.get(key) ?? node.#registrations.get(key);
      if (known) return known;
    }
    return this.#root().#adopt(key);
  }

  /** What needs no registration: marked classes and tokens with a factory. They live in the outermost container. */
  #adopt(key: InjectionKey<unknown>): Registration | undefined {
    let provider: Provider<unknown> | undefined;
    if (typeof key === 'function') {
      const scope = scopeOf(key);
      if (scope) provider = { useClass: key, scope };
    } else if (key.factory) provider = { useFactory: key.factory };
    if (!provider) return undefined;
    const registration = this.#registrationOf(key, provider);
    this.#registrations.set(key, registration);
    return registration;
  }

  #root(): ContainerNode {
    return this.#parent ? this.#parent.#root() : this;
  }

  #registrationOf<T>(key: InjectionKey<T>, provider: Provider<T>): Registration {
    const base = { name: nameOf(key), home: this as ContainerNode };
    if ('useValue' in provider) {
      markGiven(provider.useValue);
      return { ...base, scope: 'transient', given: true, owned: false, build: () => provider.useValue };
    }
    if ('useFactory' in provider) {
      const scope = provider.scope ?? 'singleton';
      return { ...base, scope, given: false, owned: false, build: (owner) => provider.useFactory(owner) };
    }
    const { useClass } = provider;
    const build = (owner: ContainerNode) => construct(useClass, owner as ParameterSource);
    const registration = { ...base, given: false, owned: true, build };
    // Not before it is asked for: tsyringe may be loaded after the class was registered.
    return Object.defineProperty(registration as Registration, 'scope', {
      get: () => provider.scope ?? scopeOf(useClass) ?? 'singleton',
    });
  }

  #resolve(registration: Registration): unknown {
    if (registration.given) return registration.build(this);
    const owner = this.#ownerFor(registration);
    if (registration.scope !== 'transient' && owner.#instances.has(registration)) {
      return owner.#instances.get(registration);
    }
    // A singleton outlives the call that happens to need it first.
    return registration.scope === 'singleton' ? detached(() => owner.#build(registration)) : owner.#build(registration);
  }

  #ownerFor(registration: Registration): ContainerNode {
    if (registration.scope === 'singleton') return registration.home;
    if (registration.scope === 'transient') return this;
    const outer = currentFrame();
    for (let frame = outer; frame; frame = frame.outer) {
      if (frame.scope !== 'singleton') continue;
      throw new CaptiveDependencyError(frame.name, registration.name, [...pathOf(outer), registration.name]);
    }
    for (let node: ContainerNode | undefined = this; node; node = node.#parent) if (node.#isScope) return node;
    throw new NoScopeError(registration.name);
  }

  #build(registration: Registration): unknown {
    if (this.#disposal) throw new ContainerDisposedError(registration.name);
    const outer = currentFrame();
    for (let frame = outer; frame; frame = frame.outer) {
      if (frame.registration === registration) throw new CycleError(circle(outer, registration));
    }
    const { name, scope } = registration;
    const frame: Frame = { resolver: this, registration, name, scope, outer };
    const instance = within(frame, () => registration.build(this));
    if (registration.owned) setOwner(instance as object, this);
    if (scope !== 'transient') this.#instances.set(registration, instance);
    // A transient belongs to whoever it was made for: kept for a holder that is kept, else the caller's own affair.
    if (scope !== 'transient' || heldBy(outer)) this.#keeper.keep(instance);
    return instance;
  }

  async #disposeAll(withinMs: number): Promise<void> {
    const { clock } = this.#env;
    const endMs = clock.now() + withinMs;
    const errors: FwkError[] = [];
    if (this.#parent) this.#parent.#scopes.delete(this);
    for (const scope of [...this.#scopes].reverse()) {
      await scope.dispose(endMs - clock.now()).catch((error: DisposeFailedError) => errors.push(...error.errors));
    }
    errors.push(...(await this.#keeper.dispose(endMs)));
    if (errors.length > 0) throw new DisposeFailedError(errors);
  }
}

/** The scope that a decorator gave to a class, ours or tsyringe's. */
function scopeOf(target: Class<unknown>): Scope | undefined {
  return markedScope(target) ?? tsyringeBridge()?.scopeOf(target);
}

/** True when a frame leads to something that its container keeps, so that what is built for it is kept too. */
function heldBy(frame: Frame | undefined): boolean {
  for (let each = frame; each; each = each.outer) if (each.scope !== 'transient') return true;
  return false;
}

function circle(frame: Frame | undefined, registration: Registration): string[] {
  const names: string[] = [registration.name];
  for (let each = frame; each; each = each.outer) {
    names.unshift(each.name);
    if (each.registration === registration) break;
  }
  return names;
}

function isKey(key: unknown): key is InjectionKey<unknown> {
  return (
    typeof key === 'function' || (typeof key === 'object' && key !== null && 'kind' in key && key.kind === 'fwk.token')
  );
}

/** With two copies the class or token may be the other one's, of the same name. */
function copiesHint(): string {
  const copies = ['@fwk/core', '@fwk/kernel'].map(copiesOf).find(({ length }) => length > 1);
  return copies === undefined
    ? ''
    : `two copies of the framework are loaded (${copies.join(' and ')}), and this key may belong to the other; install one, or else decorate the class with @Injectable() or register a provider`;
}

function describeKey(key: InjectionKey<unknown>): string {
  return typeof key === 'function' ? nameOf(key) : `the token "${key.name}"`;
}

noteCopy('@fwk/core');
