/** Reads the key of a call, for all that choose by one: hash balancers and sticky splits. */
import { type CallContext, isThenable, messageOf } from '@fwk/kernel';
import { routeKey } from '../membership/call-route.js';

/** Says whom a call belongs to; undefined where nobody is known. */
export type KeyOf = (request: unknown, context: CallContext) => string | undefined;

/** Characters of a key that count: a key may come from outside, and is hashed on every call. */
export const maxKeyLength = 1024;

/**
 * The key of a call: the one that the call says itself, otherwise what `keyOf` answers. Never throws.
 * @param missing - is told why there is none.
 */
export function readKey(
  keyOf: KeyOf | undefined,
  request: unknown,
  context: CallContext | undefined,
  missing: (reason: string) => void,
): string | undefined {
  const said = usable(context?.get(routeKey)?.key);
  if (said !== undefined) return said;
  if (!context || !keyOf) {
    missing('the call says no key, and there is no keyOf');
    return undefined;
  }
  try {
    const answer: unknown = keyOf(request, context);
    const key = usable(answer);
    if (key === undefined) missing(`keyOf answered ${describe(answer)}`);
    return key;
  } catch (error) {
    missing(`keyOf threw: ${messageOf(error)}`);
    return undefined;
  }
}

function usable(key: unknown): string | undefined {
  if (typeof key !== 'string' || key === '') return undefined;
  return key.length > maxKeyLength ? key.slice(0, maxKeyLength) : key;
}

/** What was answered in place of a key. A choice cannot wait for a promise: what that ends with is nobody's. */
function describe(answer: unknown): string {
  if (answer === '') return 'an empty text';
  if (!isThenable(answer)) return typeof answer;
  Promise.resolve(answer).catch(() => {});
  return 'a promise, but the key is needed at once';
}
