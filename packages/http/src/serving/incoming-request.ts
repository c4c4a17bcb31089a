import type { IncomingHttpHeaders } from 'node:http';
import type { TraceContext } from '@fwk/core';
import type { Priority } from '@fwk/kernel';
import type { Peer } from '../wire/peer.js';
import type { QueryValues } from '../wire/wire-values.js';
import type { WireAnswer } from './answer.js';
import type { RequestError } from './request-error.js';

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

/** Protocols that requests come by. */
export type WireProtocol = 'http' | 'mux';

/** Told the body, empty for none, or why there is no way to read it. Not told when the caller leaves before its end. */
export type BodyReader = (error: RequestError | undefined, text: string) => void;

/** Is told, once, that nobody waits for an answer any more: it has been sent, or the caller has gone. */
export interface AnswerWatcher {
  over(): void;
}

/**
 * A request of one operation as its wire hands it over: what the contract needs of it, what its caller says, and the way back.
 * Each wire has its own class; behind it everything is the same for all.
 */
export interface IncomingRequest extends RequestClaims {
  /** What it came by, as OpenTelemetry names it. */
  readonly protocol: WireProtocol;
  /** The target as it was sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: QueryValues;
  /** Address of the direct peer; `unix` at a Unix socket; empty when the connection is gone. */
  readonly address: string;
  /** Who it is by the certificate that was shown. */
  readonly peer: Peer | undefined;
  /** Text; empty for none, and until it has been read. */
  body: string;
  /** Whether a body is to come, so that it must be read. */
  readonly announcesBody: boolean;
  /** Reads the body, within the server's limit. Tells at once where none was announced. */
  readBody(tell: BodyReader): void;
  /**
   * Sends the answer. Called once at most, and only while the watcher was not told that it is over.
   * @returns whether it is over with that; the watcher is not told then
   */
  answer(answer: WireAnswer): boolean;
  /** Names who is told when it is over. Called once. */
  watch(watcher: AnswerWatcher): void;
}
