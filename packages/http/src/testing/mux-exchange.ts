/** One call over Mux on a session of its own, with nothing checked and nothing added, as a foreign client would send it. */
import { connect } from 'node:net';
import { parseTrace } from '@fwk/core';
import { systemClock } from '@fwk/kernel';
import {
  type ContextWriter,
  dispatchStatus,
  encodeKey,
  type FrameOutput,
  MuxCall,
  type MuxReply,
  openSession,
  writeDeadline,
  writeTrace,
} from '@fwk/mux';
import { answerContexts } from '../mux/answer-contexts.js';
import { headerNames, readDeadlineMs } from '../wire/headers.js';

/** What is sent. */
export interface MuxSent {
  /** URL of the server: `http://127.0.0.1:4001` or `unix:/run/shop.sock`. */
  readonly url: string;
  /** Contract and operation: `/inventory/stock`. */
  readonly destination: string;
  /** Path and query. */
  readonly target: string;
  readonly body?: string | Uint8Array | undefined;
  /** Names in lower case. Deadline and trace are sent as contexts of Finagle. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Discards the call when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** What came back, as if it had come over HTTP. */
export interface MuxReceived {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The payload. */
  readonly bytes: Uint8Array;
}

/** Sends it. @throws Error when there is no answer in ten seconds, by its promise */
export async function exchangeOverMux(sent: MuxSent): Promise<MuxReceived> {
  const { protocol, hostname, port, pathname } = new URL(sent.url);
  const socket = protocol === 'unix:' ? connect(pathname) : connect(Number(port), hostname.replace(/^\[|\]$/g, ''));
  const session = await openSession(socket, { clock: systemClock, peer: sent.url, openTimeoutMs: 10_000 });
  const timer = systemClock.setTimer(() => session.close(), 10_000);
  try {
    return await new Promise<MuxReceived>((resolve, reject) => {
      const call = new OneCall(sent, resolve, reject);
      session.dispatch(call);
      sent.signal?.addEventListener('abort', () => {
        session.discard(call, 'aborted');
        reject(sent.signal?.reason);
      });
    });
  } finally {
    systemClock.clearTimer(timer);
    // Not at once: a discard is still to be sent.
    session.drain();
  }
}

class OneCall extends MuxCall {
  readonly destination: Uint8Array;
  readonly #sent: MuxSent;
  readonly #resolve: (received: MuxReceived) => void;
  readonly #reject: (error: Error) => void;

  constructor(sent: MuxSent, resolve: (received: MuxReceived) => void, reject: (error: Error) => void) {
    super();
    this.destination = encodeKey(sent.destination);
    this.#sent = sent;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  writeContexts(contexts: ContextWriter): void {
    for (const [name, value] of Object.entries(this.#sent.headers ?? {})) {
      const trace = name === headerNames.traceparent ? parseTrace({ traceparent: value }) : undefined;
      const remainingMs = name === headerNames.deadlineMs ? readDeadlineMs(value) : undefined;
      if (trace) writeTrace(contexts, { ...trace, sampled: (trace.flags & 1) === 1 }, trace.spanId);
      else if (remainingMs !== undefined) writeDeadline(contexts, systemClock.wallTime(), remainingMs);
      else contexts.text(encodeKey(name), value);
    }
  }

  writePayload(output: FrameOutput): void {
    const { target, body } = this.#sent;
    output.uint16(target.length);
    output.latin1(target);
    if (typeof body === 'string') output.utf8(body);
    else if (body) output.raw(body);
  }

  answered(reply: MuxReply): void {
    const headers: Record<string, string> = {};
    const { contexts } = reply;
    while (contexts.next()) headers[contexts.key] = contexts.text;
    const nack = reply.status === dispatchStatus.nack;
    const text = nack
      ? (headers[answerContexts.problem] ?? '{"status":503,"notProcessed":true}')
      : reply.payload.toString();
    const usualStatus = nack ? 503 : reply.status === dispatchStatus.error ? 500 : text === '' ? 204 : 200;
    this.#resolve({
      status: Number(headers[answerContexts.status] ?? usualStatus),
      headers,
      text,
      bytes: Buffer.from(reply.payload),
    });
  }

  failed(error: Error): void {
    this.#reject(error);
  }
}
