// The types name Buffer and Duplex, which @types/node declares.
/// <reference types="node" preserve="true" />
export { ContextReader } from './codec/context-reader.js';
export {
  ContextWriter,
  type EncodedContexts,
  type EncodedKey,
  encodeContexts,
  encodeKey,
  longestPart,
} from './codec/context-writer.js';
export {
  finagleKeys,
  type MuxTrace,
  readFailure,
  readRemainingMs,
  readTrace,
  writeDeadline,
  writeFailure,
  writeTrace,
} from './codec/finagle-contexts.js';
export { FrameOutput } from './codec/frame-output.js';
export { FrameReader, type FrameReceiver } from './codec/frame-reader.js';
export { type DispatchStatus, dispatchStatus, messageTypes, muxFailure, tags } from './codec/message-types.js';
export { muxErrors } from './errors.js';
export { muxMetrics } from './metrics.js';
export { NotWrittenError } from './not-written-error.js';
export { ProtocolError } from './protocol-error.js';
export { ClientSession, type SessionStatus } from './session/client-session.js';
export { MuxCall, MuxReply } from './session/mux-call.js';
export { type ClientSessionOptions, openSession } from './session/open-session.js';
export { type AnswerWriter, type MuxService, ServedMuxCall } from './session/served-call.js';
export { ServerSession } from './session/server-session.js';
export { NotActedOnError, NotOpenedError, SessionBusyError, SessionEndedError } from './session/session-errors.js';
export { type SessionLimits, type SessionOptions, sessionDefaults } from './session/session-options.js';
export { SessionSeries } from './session/session-series.js';
