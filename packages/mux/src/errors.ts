/** The codes of this package. */
export const muxErrors = Object.freeze({
  FWK_MUX_PROTOCOL: {
    summary:
      'The peer of a Mux session sent what the protocol does not allow, or more than this end takes; the session was ended. The message says what.',
    status: 502,
  },
  FWK_MUX_SESSION_ENDED: {
    summary:
      'The Mux session of a call ended before its answer came: the connection broke, the peer fell silent, or it was closed.',
    status: 502,
  },
  FWK_MUX_NOT_OPENED: {
    summary:
      'An instance did not open a Mux session: it does not speak Mux, or was too slow. It may still be asked over HTTP.',
    status: 502,
  },
  FWK_MUX_SESSION_BUSY: {
    summary:
      'A Mux session took no further call: its peer reads too slowly, or as many calls as allowed were under way. Try another instance, or later.',
    status: 503,
  },
  FWK_MUX_NOT_WRITTEN: {
    summary:
      'A call or an answer cannot be written as a message of Mux: a context is too long, or the session was still writing another message. The message says what.',
    status: 500,
  },
  FWK_MUX_NOT_ACTED_ON: {
    summary: 'The peer of a Mux session answered that it did not understand a message, or could not act on it.',
    status: 502,
  },
});
