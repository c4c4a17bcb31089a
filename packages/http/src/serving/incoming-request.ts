import type { IncomingHttpHeaders } from 'node:http';
import type { TraceContext } from '@fwk/core';
import type { Wire } from '@fwk/discovery';
import type { Priority } from '@fwk/kernel';
import type { Content } from '../contract/content.js';
import type { Peer } from '../wire/peer.js';
import type { QueryValues } from '../wire/wire-values.js';
import type { ServedAnswer, WireAnswer } from './answer.js';
import type { RequestError } from './request-error.js';
import type { BodyPieces, PieceTaker } from './stream-sink.js';

/** What a caller says of its call, as far as it can be read. Nothing of it is proven. */
export interface RequestClaims {
  /** The caller's span. */
  readonly trace: TraceContext | undefined;
  /** How long the caller still waits, in milliseconds. */
  readonly remainingMs: number | undefined;
  /** Which attempt of the logical call this is; the first is 1. */
  readonly attempt: number;
  readonly priority: Priority | undefined;
  /** Name of the calling service. */
  readonly caller: string | undefined;
}

/** Gets the body, empty where there is none, or the error for which it is refused. Not called when the caller leaves before. */
export type BodyReader = (error: RequestError | undefined, body: string | Uint8Array) => void;

/** Is told once when a request is over: its answer has been sent, or the caller has gone. */
export interface AnswerWatcher {
  over(): void;
}

/**
 * A request of one operation, on any wire: what the contract needs, what the caller says of its call, and the way to answer. Each
 * wire has its own class, and all code behind it is shared.
 */
export interface IncomingRequest extends RequestClaims {
  /** The wire that it came over. */
  readonly protocol: Wire;
  /** The target as it was sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: QueryValues;
  /** Address of the direct peer; `unix` at a Unix socket; empty when the connection is gone. */
  readonly address: string;
  /** Who it is by the certificate that was shown. */
  readonly peer: Peer | undefined;
  /** Text, or bytes where the operation takes those; empty for none, and until it has been read. */
  body: string | Uint8Array;
  /** Whether a body is announced, so that it must be read. */
  readonly announcesBody: boolean;
  /** Reads the body as what it should be, within the server's limit. Calls `tell` at once where none was announced. */
  readBody(content: Content, tell: BodyReader): void;
  /** Whether the wire carries answers that go on with a stream. @defaultValue false */
  readonly streams?: boolean;
  /**
   * Gives the body piece by piece, from the first `resume` on. Absent on wires that carry no streams.
   * @throws RequestError where the body is no stream of items
   */
  readPieces?(taker: PieceTaker, content: Content): BodyPieces;
  /**
   * Sends the answer. Called at most once, and only before the watcher was told that the request is over.
   * @returns true when the request is over already, in which case the watcher is not told
   */
  answer(answer: WireAnswer): boolean;
  /** What a program has answered by itself, once it has begun to; undefined where all answers go through {@link answer}. */
  readonly sent?: ServedAnswer | undefined;
  /** Sets who is told when the request is over. Called once. */
  watch(watcher: AnswerWatcher): void;
}
