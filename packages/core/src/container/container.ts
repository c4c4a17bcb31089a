import { type CallContext, type Class, type InjectionKey, type Resolver, type Token, token } from '@fwk/kernel';
import type { Scope } from './injectable.js';

/**
 * The container: who is registered, how long an instance lives, in which order instances were made, and how they go.
 * Constructors are filled by construct.ts, those of classes decorated for tsyringe by tsyringe itself. Resolving is
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
   * @param withinMs - limit of the whole; what comes after it is begun, but not waited for. @defaultValue none
   * @throws DisposeFailedError with every error.
   */
  dispose(withinMs?: number): Promise<void>;
  /** The instances that this container holds, in the order of creation. */
  readonly created: readonly unknown[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where an instance comes from. Given values are never disposed by the container; built ones are. */
export type Provider<T> =
  | { readonly useClass: Class<T>; readonly scope?: Scope }
  | { readonly useValue: T }
  | { readonly useFactory: (resolver: Resolver) => T; readonly scope?: Scope };

/** The container itself; ask it for a scope, or to start what was just built. */
export const containerToken: Token<Container> = token('container');
