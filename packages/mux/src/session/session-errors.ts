import { type ErrorTraits, FwkError } from '@fwk/kernel';

/** How a session ended. */
export interface SessionEnd {
  /** Follows "the session with … ended:". */
  readonly reason: string;
  /** The error behind it. @defaultValue none */
  readonly cause?: unknown;
  /** Whether the peer sent nothing for too long. @defaultValue false */
  readonly silent?: boolean;
}

/** The session has ended, or was closed. Code `FWK_MUX_SESSION_ENDED`. */
export class SessionEndedError extends FwkError {
  readonly reason: string;
  /** Whether the peer sent nothing for too long. */
  readonly silent: boolean;
  /** Calls that were under way. */
  readonly callsLost: number;

  constructor(peer: string, { reason, cause, silent = false }: SessionEnd, callsLost: number) {
    super('FWK_MUX_SESSION_ENDED', `the session with ${peer} ended: ${reason}`, {
      cause,
      details: { peer, reason, silent, callsLost },
      traits: retryable,
      stackTrace: false,
    });
    this.reason = reason;
    this.silent = silent;
    this.callsLost = callsLost;
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
  /** Whether the peer did not answer in time. */
  readonly silent: boolean;

  constructor(peer: string, { reason, cause, silent = false }: SessionEnd) {
    super('FWK_MUX_NOT_OPENED', `${peer} did not open a Mux session: ${reason}`, {
      cause,
      details: { peer, reason, silent },
      traits: { retryable: true, notProcessed: true },
      stackTrace: false,
    });
    this.silent = silent;
  }
}
