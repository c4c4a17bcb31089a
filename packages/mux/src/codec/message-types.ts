/**
 * The numbers in messages of Mux. A message has a type, a tag, and a body whose form depends on the type. Types of requests are
 * positive and those of answers negative, except for two that early versions of Finagle numbered otherwise and current ones
 * still send. Source: `Message.Types` of `com.twitter.finagle.mux.transport` (finagle-mux 24.2.0).
 */

/** Numbers of the types, as signed bytes. */
export const messageTypes = Object.freeze({
  Treq: 1,
  Rreq: -1,
  Tdispatch: 2,
  Rdispatch: -2,
  Tdrain: 64,
  Rdrain: -64,
  Tping: 65,
  Rping: -65,
  Tdiscarded: 66,
  Rdiscarded: -66,
  Tlease: 67,
  Tinit: 68,
  Rinit: -68,
  Rerr: -128,
  /** What Finagle sends for Tdiscarded. */
  oldTdiscarded: -62,
  /** What Finagle sends for Rerr. */
  oldRerr: 127,
});

/** Tags with a meaning, and the range of the others. */
export const tags = Object.freeze({
  /** Of messages that get no answer. */
  marker: 0,
  /** Of pings, and of the opening of a session. */
  control: 1,
  /** The first and the last tag of calls. */
  first: 2,
  last: 2 ** 23 - 1,
  /** Set in the tag of a fragment that is not the last of its message. */
  fragment: 2 ** 23,
});

/** How a call was answered: the first byte of an Rdispatch. */
export type DispatchStatus = 0 | 1 | 2;

/** The numbers of {@link DispatchStatus}. */
export const dispatchStatus = Object.freeze({
  ok: 0,
  /** The service failed; the payload is a text that says why. */
  error: 1,
  /** The call was refused before it was worked on. */
  nack: 2,
});

/** Bits of the response context `MuxFailure`. */
export const muxFailure = Object.freeze({
  retryable: 1,
  /** The call was refused before it was worked on. */
  rejected: 2,
  nonRetryable: 4,
});

/** The text by which a Finagle client asks whether a server knows Tinit, in an Rerr that the server sends back. */
export const initProbe = 'tinit check';

/** The only version of Mux. */
export const muxVersion = 1;

/** Bytes before a body: size, type and tag. */
export const headBytes = 8;
/** The bytes of the head that the size counts: type and tag. */
export const countedHeadBytes = 4;
