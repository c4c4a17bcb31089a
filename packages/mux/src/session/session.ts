/**
 * What both ends of a session have in common: it reads messages, puts fragments together, answers pings, watches the peer, and
 * ends once, whatever ends it.
 */
import type { Duplex } from 'node:stream';
import { ContextWriter } from '../codec/context-writer.js';
import { Fragments } from '../codec/fragments.js';
import { FrameReader, type FrameReceiver } from '../codec/frame-reader.js';
import { tags, messageTypes as types } from '../codec/message-types.js';
import { ProtocolError } from '../protocol-error.js';
import { Outgoing } from './outgoing.js';
import { PingDetector, type Pinged } from './ping-detector.js';
import { SessionEndedError } from './session-errors.js';
import { type SessionLimits, type SessionOptions, sessionDefaults } from './session-options.js';
import type { SessionSeries } from './session-series.js';

/** See the head of this file. */
export abstract class Session implements FrameReceiver, Pinged {
  readonly peer: string;
  protected readonly limits: SessionLimits;
  protected readonly outgoing: Outgoing;
  protected readonly contexts: ContextWriter;
  protected readonly pings: PingDetector;
  readonly #socket: Duplex;
  readonly #reader: FrameReader;
  readonly #fragments: Fragments;
  readonly #onEnd: (() => void) | undefined;
  readonly #series: SessionSeries | undefined;
  #ended: SessionEndedError | undefined;
  #finishing = false;

  constructor(socket: Duplex, { clock, peer, onEnd, series, ...limits }: SessionOptions) {
    this.peer = peer;
    this.limits = { ...sessionDefaults, ...limits };
    this.outgoing = new Outgoing(socket, series);
    this.contexts = new ContextWriter(this.outgoing.frames);
    this.pings = new PingDetector(clock, this.limits, this);
    this.#socket = socket;
    this.#reader = new FrameReader(this, this.limits.maxFrameBytes);
    this.#fragments = new Fragments(this.limits);
    this.#onEnd = onEnd;
    this.#series = series;
    series?.began();
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('error', (error) => this.end(`the connection broke (${error.message})`, error));
    socket.on('end', () => this.end('the peer closed its connection'));
    socket.on('close', () => this.end('the connection was closed'));
  }

  /** Why the session ended; undefined while it has not. */
  get ended(): SessionEndedError | undefined {
    return this.#ended;
  }

  get receiving(): boolean {
    return this.#ended === undefined;
  }

  /** Calls under way. */
  abstract readonly inFlight: number;

  get busy(): boolean {
    return this.inFlight > 0;
  }

  /** Time between the last ping and its answer, in milliseconds; undefined until there was one. */
  get roundTripMs(): number | undefined {
    return this.pings.roundTripMs;
  }

  get unsentBytes(): number {
    return this.outgoing.unsentBytes;
  }

  /** Reads what has arrived. A peer that does not keep to the protocol ends the session, and nothing else. */
  read(chunk: Buffer): void {
    if (this.#ended) return;
    this.pings.heard();
    const before = this.#reader.frames;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.misunderstood(error);
    } finally {
      this.#series?.received(this.#reader.frames - before);
    }
  }

  frame(type: number, tag: number, bytes: Buffer, begin: number, end: number): void {
    if ((tag & tags.fragment) !== 0) this.#fragments.add(tag ^ tags.fragment, bytes, begin, end);
    else if (this.#fragments.size === 0) this.#message(type, tag, bytes, begin, end);
    else {
      const whole = isDispatch(type) ? this.#fragments.complete(tag, bytes, begin, end) : undefined;
      if (whole) this.#message(type, tag, whole, 0, whole.length);
      else this.#message(type, tag, bytes, begin, end);
    }
  }

  sendPing(): void {
    this.sendEmpty(types.Tping, tags.control);
  }

  fellSilent(silentMs: number): void {
    this.end(`nothing came for ${Math.round(silentMs)} ms after a ping (pingTimeoutMs ${this.limits.pingTimeoutMs})`);
  }

  /** Forgets what has arrived of a message. @returns whether anything had */
  protected dropFragments(tag: number): boolean {
    return this.#fragments.drop(tag);
  }

  /** A whole message that only this end takes. @throws ProtocolError `FWK_MUX_PROTOCOL` */
  protected abstract message(type: number, tag: number, bytes: Buffer, begin: number, end: number): void;

  /** Told once, when the session has ended. */
  protected abstract over(error: SessionEndedError): void;

  /** The peer sent what cannot be. */
  protected misunderstood(error: ProtocolError): void {
    this.end(error.message, error);
  }

  protected sendEmpty(type: number, tag: number): void {
    this.outgoing.frames.begin(type, tag);
    this.outgoing.endFrame();
  }

  /** Sends that a message was not understood or not acted upon. */
  protected sendError(tag: number, text: string): void {
    // The number that Finagle sends; a newer one it only reads.
    this.outgoing.frames.begin(types.oldRerr, tag);
    this.outgoing.frames.utf8(text);
    this.outgoing.endFrame();
  }

  /** Reads no more until {@link resume}: the peer has to wait. */
  protected pause(): void {
    this.#socket.pause();
  }

  protected resume(): void {
    this.#socket.resume();
  }

  /** Ends the session once all that is to be sent has been taken by the system. */
  protected finish(reason: string): void {
    if (this.#finishing || this.#ended) return;
    this.#finishing = true;
    this.outgoing.afterAll(() => {
      if (this.#ended) return;
      this.#socket.end();
      this.end(reason);
    });
  }

  /** Ends it at once. */
  protected end(reason: string, cause?: unknown): void {
    if (this.#ended) return;
    this.#ended = new SessionEndedError(this.peer, reason, cause);
    this.pings.end();
    this.outgoing.end();
    if (!this.#socket.writableEnded) this.#socket.destroy();
    this.#series?.ended();
    this.over(this.#ended);
    this.#onEnd?.();
  }

  #message(type: number, tag: number, bytes: Buffer, begin: number, end: number): void {
    switch (type) {
      case types.Tping:
        this.sendEmpty(types.Rping, tag);
        break;
      case types.Rping:
        this.pings.answered();
        break;
      default:
        this.message(type, tag, bytes, begin, end);
    }
  }
}

/** Only these come in fragments. */
function isDispatch(type: number): boolean {
  return type === types.Tdispatch || type === types.Rdispatch;
}
