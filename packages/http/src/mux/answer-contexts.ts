/** Names of the contexts of an answer that no header of HTTP has. */
export const answerContexts = Object.freeze({
  /** The status, as text, where it is not the usual one. */
  status: 'fwk-status',
  /** The problem document of a nack, which has no payload. */
  problem: 'fwk-problem',
});
