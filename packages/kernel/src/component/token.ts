/** A class that a container can build. */
// biome-ignore lint/suspicious/noExplicitAny: a constructor's parameters are only known to the container that fills them
export type Class<T> = abstract new (...args: any[]) => T;

/** Names a thing that is looked up, where no class can: interfaces, settings, clients. */
export interface Token<T> {
  readonly kind: 'fwk.token';
  readonly name: string;
  /** Makes the value where nothing was registered under the token; one for each container. */
  readonly factory?: (resolver: Resolver) => T;
  /** Never set; carries the type. */
  readonly type?: T;
}

/** What can be asked for. */
export type InjectionKey<T> = Token<T> | Class<T>;

/** Looks things up. The container of `@fwk/core` is one; other packages know only this face. */
export interface Resolver {
  /** @throws an error that names who asked for it when nothing is registered. */
  get<T>(key: InjectionKey<T>): T;
  /** The same, or undefined when nothing is registered and the token has no factory. */
  find<T>(key: InjectionKey<T>): T | undefined;
}

/**
 * Makes a token. Tokens are compared by identity: export one constant and share it.
 * @param factory - makes the value when nobody registered one.
 */
export function token<T>(name: string, factory?: (resolver: Resolver) => T): Token<T> {
  return Object.freeze(factory ? { kind: 'fwk.token', name, factory } : { kind: 'fwk.token', name });
}
