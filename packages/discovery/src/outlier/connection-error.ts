import { isFwkError } from '@fwk/kernel';

const codes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'ENOTFOUND',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** Wrappers that are looked through; a longer chain of causes is a loop or a story. */
const DEEPEST = 5;

/**
 * Whether an error says that the connection to the endpoint failed, not that the endpoint answered badly: our own errors
 * with `details.connection`, Node's and undici's codes, also as the cause of another error.
 */
export function isConnectionError(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < DEEPEST && typeof current === 'object' && current !== null; depth++) {
    if (isFwkError(current) && current.details.connection === true) return true;
    if ('code' in current && typeof current.code === 'string' && codes.has(current.code)) return true;
    current = 'cause' in current ? current.cause : undefined;
  }
  return false;
}
