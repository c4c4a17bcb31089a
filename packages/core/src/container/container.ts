import type { CallContext, Class, Env, InjectionKey, Resolver, Token } from '@fwk/kernel';
import { FwkError, makeEnv, setOwner, token } from '@fwk/kernel';
import { StepFailedError } from '../lifecycle/lifecycle-errors.js';
import { runStep } from '../lifecycle/step.js';
import { currentFrame, type Frame, nameOf, pathOf, within } from './building.js';
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
import { construct, tsyringeScope } from './tsyringe-engine.js';

/**
 * The container: who is registered, how long an instance lives, in which order instances were made, and how they go.
 * Constructors with parameters are filled by tsyringe (see tsyringe-engine.ts); everything else is here. Resolving is
 * synchronous; what must wait is done in `onStart` of an instance, which {@link Container.start} awaits.
 */
export interface Container extends Resolver {
  /** @throws DuplicateProviderError when the key has a provider here already. */
  register<T>(key: InjectionKey<T>, provider: Provider<T>): void;
  /** Replaces whatever is or will be registered, for tests. @throws DuplicateProviderError once it was built. */
  override<T>(key: InjectionKey<T>, provider: Provider<T>): void;
  /** A container below this one in which request-scoped things live; dispose it when the request is over. */
  createScope(): Container;
  /**
   * Runs `onStart` of every instance that has one and was not started, in the order of creation, each bounded in time.
   * Instances made later are started at once in the background; call it again to wait for them.
   * @throws StepFailedError or StepTimeoutError naming the class.
   */
  start(context?: CallContext): Promise<void>;
  /**
   * Disposes in reverse order of creation, open scopes first, each awaited and bounded in time. All are tried.
   * @throws DisposeFailedError with every error.
   */
  dispose(): Promise<void>;
  /** The instances that this container holds, in the order of creation. */
  readonly created: readonly unknown[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where an instance comes from. Given values are never disposed by the container; built ones are. */
export type Provider<T> =
  | { readonly useClass: Class<T>; readonly scope?: Scope }
  | { readonly useValue: T }
  | { readonly useFactory: (resolver: Resolver) => T; readonly scope?: Scope };

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
}

/** The container itself; ask it for a scope, or to start what was just built. */
export const containerToken: Token<Container> = token('container');

/** What an instance may have that its container runs. */
interface Managed {
  onStart?(context: CallContext): Promise<void> | void;
  [Symbol.asyncDispose]?(): PromiseLike<void>;
  [Symbol.dispose]?(): void;
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
  readonly #created: unknown[] = [];
  readonly #scopes = new Set<ContainerNode>();
  readonly #started = new WeakMap<object, Promise<void>>();
  #running = false;
  #disposal: Promise<void> | undefined;

  constructor(options: ContainerOptions, parent: ContainerNode | undefined, isScope: boolean) {
    this.#options = options;
    this.#parent = parent;
    this.#isScope = isScope;
    this.#env = makeEnv(options.env);
  }

  get created(): readonly unknown[] {
    return this.#created;
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
    if (!registration) throw new NotRegisteredError(describeKey(key), pathOf(currentFrame()), hintFor(key));
    return this.#resolve(registration) as T;
  }

  find<T>(key: InjectionKey<T>): T | undefined {
    const registration = this.#find(key);
    return registration && (this.#resolve(registration) as T);
  }

  createScope(): Container {
    if (this.#disposal) throw new ContainerDisposedError('a scope');
    // What lives for one request is no part of the application's health.
    const scope = new ContainerNode({ ...this.#options, onCreated: () => {} }, this, true);
    this.#scopes.add(scope);
    return scope;
  }

  async start(context?: CallContext): Promise<void> {
    this.#running = true;
    // By index, since an onStart may create more instances.
    for (let index = 0; index < this.#created.length; index++) {
      if (context?.cancelled) throw context.reason;
      await this.#startOne(this.#created[index]);
    }
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#disposeAll();
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
      const scope = markedScope(key) ?? tsyringeScope(key);
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
      return { ...base, scope: 'transient', given: true, owned: false, build: () => provider.useValue };
    }
    if ('useFactory' in provider) {
      const scope = provider.scope ?? 'singleton';
      return { ...base, scope, given: false, owned: false, build: (owner) => provider.useFactory(owner) };
    }
    const { useClass } = provider;
    const scope = provider.scope ?? markedScope(useClass) ?? tsyringeScope(useClass) ?? 'singleton';
    const build = (owner: ContainerNode) => construct(useClass, (asked) => owner.get(asked as InjectionKey<unknown>));
    return { ...base, scope, given: false, owned: true, build };
  }

  #resolve(registration: Registration): unknown {
    if (registration.given) return registration.build(this);
    const owner = this.#ownerFor(registration);
    if (registration.scope !== 'transient' && owner.#instances.has(registration)) {
      return owner.#instances.get(registration);
    }
    return owner.#build(registration);
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
    if (scope !== 'transient' || heldBy(outer)) this.#keep(instance);
    return instance;
  }

  #keep(instance: unknown): void {
    this.#created.push(instance);
    this.#options.onCreated?.(instance);
    if (!this.#running) return;
    this.#startOne(instance).catch((error: unknown) => {
      this.#env.logger.error({ err: error }, 'an instance that was made after the start could not be started');
    });
  }

  #startOne(instance: unknown): Promise<void> {
    if (!isManaged(instance) || typeof instance.onStart !== 'function') return Promise.resolve();
    const known = this.#started.get(instance);
    if (known) return known;
    const begun = this.#step(instance, 'onStart', (context) => instance.onStart?.(context));
    this.#started.set(instance, begun);
    return begun;
  }

  async #disposeAll(): Promise<void> {
    const errors: FwkError[] = [];
    const attempt = async (work: Promise<void>) => {
      try {
        await work;
      } catch (error) {
        if (error instanceof DisposeFailedError) errors.push(...error.errors);
        else if (error instanceof FwkError) errors.push(error);
        else errors.push(new StepFailedError('container', 'dispose', String(error), error));
      }
    };
    if (this.#parent) this.#parent.#scopes.delete(this);
    for (const scope of [...this.#scopes].reverse()) await attempt(scope.dispose());
    for (const instance of [...new Set(this.#created)].reverse()) {
      if (!isManaged(instance)) continue;
      if (typeof instance[Symbol.asyncDispose] === 'function') {
        await attempt(this.#step(instance, 'dispose', async () => instance[Symbol.asyncDispose]?.()));
      } else if (typeof instance[Symbol.dispose] === 'function') {
        await attempt(this.#step(instance, 'dispose', () => instance[Symbol.dispose]?.()));
      }
    }
    if (errors.length > 0) throw new DisposeFailedError(errors);
  }

  #step(instance: object, step: string, work: (context: CallContext) => Promise<void> | void): Promise<void> {
    const limitMs = this.#options.stepTimeoutMs ?? 10_000;
    return runStep(this.#env.clock, { component: instance.constructor?.name || 'an object', step, limitMs }, work);
  }
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

function isManaged(instance: unknown): instance is object & Managed {
  return (typeof instance === 'object' && instance !== null) || typeof instance === 'function';
}

const builtIns: ReadonlySet<unknown> = new Set([Object, String, Number, Boolean, Array, Function, Promise]);

/** An interface or a type not yet loaded is emitted as `Object`: say so, instead of asking people to register it. */
function hintFor(key: InjectionKey<unknown>): string {
  if (!builtIns.has(key)) return '';
  return 'a parameter with an interface or a primitive as its type has no class at run time: give it @Inject(token), or use inject(token) in a field';
}

function describeKey(key: InjectionKey<unknown>): string {
  return typeof key === 'function' ? nameOf(key) : `the token "${key.name}"`;
}
