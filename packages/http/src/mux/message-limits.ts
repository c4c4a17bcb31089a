/** How large a message may be that carries a body, the same for calls and for answers. */
import type { SessionLimits } from '@fwk/mux';

/** Bytes that a message may have beside its body; more than contexts and target may have that are not refused. */
const headRoomBytes = 1024 * 1024;
/** The most that a session takes of one message, and of all. */
const mostBytes = 2 ** 30;
/** How many messages of the largest size may be arriving in fragments at once: our own ends send as many in turn. */
const maxLargest = 8;

/**
 * The limits of a session on what arrives. A message that is too large is cut, so that it is refused by itself, and harms no other on
 * the session.
 * @param bodyBytes - of the largest body
 */
export function messageLimits(
  bodyBytes: number,
): Pick<SessionLimits, 'maxMessageBytes' | 'maxPartialBytes' | 'cutsLarge'> {
  const largest = Math.min(bodyBytes + headRoomBytes, mostBytes);
  return { maxMessageBytes: largest, maxPartialBytes: Math.min(maxLargest * largest, mostBytes), cutsLarge: true };
}
