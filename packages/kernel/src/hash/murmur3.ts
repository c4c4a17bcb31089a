/**
 * MurmurHash3 (x86, 32 bits) of the UTF-8 form of a text. It is not for secrets: it spreads keys evenly, and every language has
 * it, so that the same key finds the same place in all of them. Made by Austin Appleby, who put it into the public domain.
 *
 * The UTF-8 bytes are made on the way, so nothing is allocated. Half of a surrogate pair counts as U+FFFD, as in `TextEncoder`.
 */

/**
 * @param seed - a whole number from 0 to 2^32 − 1. The hash of one text may be the seed of another. @defaultValue 0
 * @returns a whole number from 0 to 2^32 − 1.
 */
export function murmur3(text: string, seed = 0): number {
  let hash = seed | 0;
  const length = text.length;
  let at = 0;
  // Most keys are ASCII: four bytes at a time, up to the first character that is not.
  for (; at + 4 <= length; at += 4) {
    const first = text.charCodeAt(at);
    const second = text.charCodeAt(at + 1);
    const third = text.charCodeAt(at + 2);
    const fourth = text.charCodeAt(at + 3);
    if ((first | second | third | fourth) >= 0x80) break;
    hash = mixed(hash, first | (second << 8) | (third << 16) | (fourth << 24));
  }
  let block = 0;
  let bytes = at;
  for (; at < length; at++) {
    let point = text.charCodeAt(at);
    if (point < 0x80) {
      block |= point << ((bytes & 3) << 3);
      if ((++bytes & 3) === 0) {
        hash = mixed(hash, block);
        block = 0;
      }
      continue;
    }
    if (point >= 0xd800 && point <= 0xdfff) {
      point = text.codePointAt(at) as number;
      if (point > 0xffff) at++;
      else point = 0xfffd;
    }
    // The bytes of this character, the first one lowest.
    const size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (let left = size - 1; left >= 0; left--) {
      const low = left === size - 1 ? lead[size] | (point >> (6 * left)) : 0x80 | ((point >> (6 * left)) & 0x3f);
      block |= low << ((bytes & 3) << 3);
      if ((++bytes & 3) === 0) {
        hash = mixed(hash, block);
        block = 0;
      }
    }
  }
  if ((bytes & 3) !== 0) hash ^= scrambled(block);
  hash ^= bytes;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** First bits of a character's first byte, by the number of its bytes. */
const lead = [0, 0, 0xc0, 0xe0, 0xf0] as const;

function scrambled(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

function mixed(hash: number, block: number): number {
  const joined = hash ^ scrambled(block);
  return (Math.imul((joined << 13) | (joined >>> 19), 5) + 0xe6546b64) | 0;
}
