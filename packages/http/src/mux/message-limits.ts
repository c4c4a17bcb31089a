/** How large a message may be that carries a body, the same for calls and for answers. */
import type { SessionLimits } from '@fwk/mux';

/** Bytes that a message may have beside its body; contexts and target that are accepted have less. */
const headRoomBytes = 1024 * 1024;
/** The largest value that these limits of a session can have. */
const mostBytes = 2 ** 30;
/** How many messages of the largest size may arrive in fragments at once: our own sessions send as many in turn. */
const maxLargest = 8;

/**
 * The limits of a session on messages that arrive. A message that is too large is cut off instead of ending the session, so that only
 * its own call fails.
 * @param bodyBytes - size of the largest body that is accepted
 */
export function messageLimits(
  bodyBytes: number,
): Pick<SessionLimits, 'maxMessageBytes' | 'maxPartialBytes' | 'cutsLarge'> {
  const largest = Math.min(bodyBytes + headRoomBytes, mostBytes);
  return { maxMessageBytes: largest, maxPartialBytes: Math.min(maxLargest * largest, mostBytes), cutsLarge: true };
}
