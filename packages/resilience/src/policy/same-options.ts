import { isDeepStrictEqual } from 'node:util';
import { isLive } from '@fwk/kernel';
import { isPlain } from '../layer/plain.js';

/** Whether options say the same. A live value is only the same as itself: another that is equal now may differ later. */
export function sameOptions(one: unknown, other: unknown): boolean {
  if (isLive(one) || isLive(other)) return one === other;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, at) => sameOptions(value, other[at]));
  }
  if (!isPlain(one) || !isPlain(other)) return isDeepStrictEqual(one, other);
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && sameOptions(one[name], other[name]))
  );
}
