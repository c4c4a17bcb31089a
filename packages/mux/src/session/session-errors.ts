import { type ErrorTraits, FwkError } from '@fwk/kernel';

/** The session has ended, or was closed. Code `FWK_MUX_SESSION_ENDED`. */
export class SessionEndedError extends FwkError {
  /** @param reason - follows "the session with … ended:" */
  constructor(peer: string, reason: string, cause?: unknown) {
    super('FWK_MUX_SESSION_ENDED', `the session with ${peer} ended: ${reason}`, {
      cause,
      details: { peer, reason },
      traits: retryable,
      stackTrace: false,
    });
  }
}

const retryable: ErrorTraits = Object.freeze({ retryable: true });

/** The peer did not understand a message, or could not act on it. Code `FWK_MUX_NOT_ACTED_ON`. */
export class NotActedOnError extends FwkError {
  /** @param text - what the peer says. */
  constructor(peer: string, text: string) {
    super('FWK_MUX_NOT_ACTED_ON', `${peer} did not act on the message: ${text.slice(0, 500)}`, {
      details: { peer },
      stackTrace: false,
    });
  }
}

/** A session takes no further call now. Code `FWK_MUX_SESSION_BUSY`. Nothing was sent. */
export class SessionBusyError extends FwkError {
  constructor(peer: string, reason: string) {
    super('FWK_MUX_SESSION_BUSY', `the session with ${peer} takes no further call: ${reason}`, {
      details: { peer, reason },
      traits: { retryable: true, overloaded: true, notProcessed: true, refusedBy: 'caller' },
      stackTrace: false,
    });
  }
}

/** The peer does not open a session. Code `FWK_MUX_NOT_OPENED`. */
export class NotOpenedError extends FwkError {
  constructor(peer: string, reason: string, cause?: unknown) {
    super('FWK_MUX_NOT_OPENED', `${peer} did not open a Mux session: ${reason}`, {
      cause,
      details: { peer, reason },
      traits: { retryable: true, notProcessed: true },
      stackTrace: false,
    });
  }
}
