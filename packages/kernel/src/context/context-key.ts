/** One value to put into a context; made by {@link ContextKey.of}. */
export interface ContextEntry<T = unknown> {
  readonly key: ContextKey<T>;
  readonly value: T;
}

/** Names a value that travels with a call. A key carries its own default, so reading never fails. */
export interface ContextKey<T> {
  readonly name: string;
  readonly defaultValue: T;
  /** Pairs the key with a value for {@link CallContext.with}. */
  of(value: T): ContextEntry<T>;
}

/**
 * Makes a key. Keys are compared by identity: export one constant and share it.
 * @param name - for people; need not be unique.
 */
export function contextKey<T>(name: string, defaultValue: T): ContextKey<T> {
  const key: ContextKey<T> = { name, defaultValue, of: (value) => ({ key, value }) };
  return key;
}
