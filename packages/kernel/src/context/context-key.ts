/** One value to put into a context; made by {@link ContextKey.of}. */
export interface ContextEntry<T = unknown> {
  readonly key: ContextKey<T>;
  readonly value: T;
}

/** Names a value that travels with a call. A key carries its own default, so reading never fails. */
export interface ContextKey<T> {
  readonly name: string;
  readonly defaultValue: T;
  /** Whether the value belongs to one call, so that work which outlives the call does not take it over. */
  readonly ofOneCall: boolean;
  /** Pairs the key with a value for {@link CallContext.with}. */
  of(value: T): ContextEntry<T>;
}

/**
 * Makes a key. Keys are compared by identity: export one constant and share it.
 * @param name - for people; need not be unique.
 * @param ofOneCall - true for what describes the call itself, such as its trace. @defaultValue false
 */
export function contextKey<T>(name: string, defaultValue: T, ofOneCall = false): ContextKey<T> {
  const key: ContextKey<T> = { name, defaultValue, ofOneCall, of: (value) => ({ key, value }) };
  return key;
}
