import { messageOf } from '../errors/fwk-error.js';
import { KeyRefusedError, refuseDangerousKeys } from './dangerous-keys.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses JSON that came from outside, and refuses what has a dangerous key. Costs two searches of the text beside the
 * parsing; only a text in which such a key could stand is looked through.
 * @param given - a text, or its bytes, which must be UTF-8; a byte order mark before them is skipped.
 * @throws SyntaxError when it is not JSON, or its bytes are not UTF-8.
 * @throws KeyRefusedError `FWK_KERNEL_KEY_REFUSED` with the path of the key.
 */
export function parseJson(given: string | Uint8Array): unknown {
  const text = typeof given === 'string' ? given : decode(given);
  const value: unknown = JSON.parse(text);
  if (mayHaveDangerousKey(text)) refuseDangerousKeys(value);
  return value;
}

/**
 * What is wrong with a text that {@link parseJson} refused, to stand behind the name of the text: `the body is not JSON: …`.
 * @param error - what it threw.
 */
export function jsonFault(error: unknown): string {
  const what = error instanceof KeyRefusedError ? 'cannot be used' : 'is not JSON';
  return `${what}: ${messageOf(error).slice(0, MAX_FAULT)}`;
}

/** Longest reason, in characters: the engine's own messages quote the text. */
const MAX_FAULT = 300;

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new SyntaxError('the bytes are not UTF-8');
  }
}

/** Most texts have neither `proto` nor an escaped ASCII character, and a plain search is much faster than the others. */
function mayHaveDangerousKey(text: string): boolean {
  if (text.includes('proto') && (text.includes('__proto__') || text.includes('constructor'))) return true;
  return text.includes('\\u00') && escapedLetter.test(text);
}

/** An escaped underscore or lower-case letter: a key can be written with any number of them. */
const escapedLetter = /\\u00(?:5[Ff]|[67][\dA-Fa-f])/;
