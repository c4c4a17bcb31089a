import { CallFrame } from './call-frame.js';

/** Finds the key of a request; of a wrapped function it gets the arguments. */
export type KeyOf = (...args: never[]) => string;

/**
 * Asks a key function about a request.
 * @throws whatever the function throws, and a TypeError when it answers no string.
 */
export function requestKey(keyOf: KeyOf, request: unknown): string {
  const ask = keyOf as (...args: readonly unknown[]) => unknown;
  const key = request instanceof CallFrame ? ask(...request.args) : ask(request);
  if (typeof key !== 'string') throw new TypeError(`it answered ${typeof key}, not a string`);
  return key;
}
