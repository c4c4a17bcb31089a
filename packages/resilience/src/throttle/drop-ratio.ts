/**
 * How many calls a client should not even send, after Google's "Handling Overload" (SRE book, chapter 21):
 *
 *     p(drop) = max(0, (requests − inFlight − K · accepted) / (requests + 1))
 *
 * over the last two minutes, where `requests` are all that the application wanted, the dropped ones included. As long as
 * the callee takes at least 1 in K, nothing is dropped. When it takes nothing, p nears 1, but some calls still go through
 * and notice its recovery.
 *
 * Unlike the book's, this variant gives no weight to calls in flight. They are counted as requests before they are sent,
 * but nothing is known of them yet: at the start or after a pause, when few answers are in the window, any burst would
 * look like a mass of refusals.
 *
 * @param requests - calls wanted in the window.
 * @param inFlight - those of them that have been sent and not answered; never more than `requests`.
 * @param accepted - those of them that the callee took.
 * @param multiplier - K.
 * @returns 0 to below 1.
 */
export function dropRatio(requests: number, inFlight: number, accepted: number, multiplier: number): number {
  const excess = requests - inFlight - multiplier * accepted;
  return excess > 0 ? excess / (requests + 1) : 0;
}
