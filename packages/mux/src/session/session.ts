/**
 * What both ends of a session have in common: it reads messages, puts fragments together, answers pings, watches the peer, and
 * ends exactly once. Whatever a peer sends, and whatever callbacks of users throw, `read` never throws, since other sessions are
 * served in the same turn.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, outside, warnOfListener } from '@fwk/kernel';
import { ContextWriter } from '../codec/context-writer.js';
import { Fragments } from '../codec/fragments.js';
import { FrameReader, type FrameReceiver } from '../codec/frame-reader.js';
import { tags, messageTypes as types } from '../codec/message-types.js';
import { ProtocolError } from '../protocol-error.js';
import { Outgoing } from './outgoing.js';
import { PingDetector, type Pinged } from './ping-detector.js';
import { type SessionEnd, SessionEndedError } from './session-errors.js';
import { checkLimits, type SessionLimits, type SessionOptions } from './session-options.js';
import type { SessionSeries } from './session-series.js';

/** How long the peer may take to end its side after a drained session has ended its own, in milliseconds. */
const lingerMs = 1000;

/** See the head of this file. */
export abstract class Session implements FrameReceiver, Pinged {
  readonly peer: string;
  protected readonly limits: SessionLimits;
  protected readonly outgoing: Outgoing;
  protected readonly contexts: ContextWriter;
  protected readonly pings: PingDetector;
  readonly #clock: Clock;
  readonly #socket: Duplex;
  readonly #reader: FrameReader;
  readonly #fragments: Fragments;
  readonly #onEnd: (() => void) | undefined;
  readonly #series: SessionSeries | undefined;
  #ended: SessionEndedError | undefined;
  #finishing = false;
  #reading = true;
  #emptyFrames = 0;
  #emptyWrites = 0;

  /** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
  constructor(socket: Duplex, { clock, peer, onEnd, series, ...limits }: SessionOptions) {
    this.peer = peer;
    this.limits = checkLimits(limits);
    this.outgoing = new Outgoing(socket, (error) => this.#broke(error), series);
    this.contexts = new ContextWriter(this.outgoing.frames);
    this.pings = new PingDetector(clock, this.pingLimits(this.limits), this);
    this.#clock = clock;
    this.#socket = socket;
    // A small answer would wait for the acknowledgement of the one before, which the other end may hold back for 40 ms.
    if (socket instanceof Socket) socket.setNoDelay(true);
    this.#reader = new FrameReader(this, this.limits.maxFrameBytes);
    this.#fragments = new Fragments(this.limits);
    this.#onEnd = onEnd;
    this.#series = series;
    series?.began();
    // What arrives belongs to many calls, not only to the one that made the connection.
    socket.on('data', (chunk: Buffer) => outside(this.read, this, chunk));
    socket.on('error', (error) => outside(this.#broke, this, error));
    socket.on('end', () => outside(this.end, this, 'the peer closed its connection'));
    socket.on('close', () => outside(this.end, this, 'the connection was closed'));
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

  get reading(): boolean {
    return this.#reading;
  }

  get blocked(): boolean {
    return this.outgoing.blocked;
  }

  get writes(): number {
    return this.outgoing.writes;
  }

  /** Time between the last ping and its answer, in milliseconds; undefined until there was one. */
  get roundTripMs(): number | undefined {
    return this.pings.roundTripMs;
  }

  get unsentBytes(): number {
    return this.outgoing.unsentBytes;
  }

  /** Bytes of messages that have not arrived whole. */
  get keptBytes(): number {
    return this.#reader.keptBytes + this.#fragments.bytes;
  }

  /** Reads what has arrived. A breach of the protocol ends the session, and nothing else. */
  read(chunk: Buffer): void {
    if (this.#ended) return;
    this.pings.heard();
    const before = this.#reader.frames;
    try {
      this.#reader.read(chunk);
      if (!this.#ended) this.afterRead();
    } catch (error) {
      if (error instanceof ProtocolError) this.misunderstood(error);
      else this.end('it could not go on', error);
    } finally {
      this.#series?.received(this.#reader.frames - before);
    }
  }

  frame(type: number, tag: number, bytes: Buffer, begin: number, end: number): void {
    if ((tag & tags.fragment) !== 0) {
      if (!isDispatch(type))
        throw new ProtocolError(`a message of type ${type} came in fragments, which only calls may`);
      const of = tag ^ tags.fragment;
      if (this.wants(type, of)) this.#fragments.add(of, bytes, begin, end);
    } else if (this.#fragments.size === 0) this.#message(type, tag, bytes, begin, end);
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
    const reason = `nothing came for ${Math.round(silentMs)} ms after a ping (pingTimeoutMs ${this.limits.pingTimeoutMs})`;
    this.#end({ reason, silent: true }, false);
  }

  readsNothing(stuckMs: number): void {
    const { sendTimeoutMs } = this.limits;
    this.end(`the peer has read nothing for ${Math.round(stuckMs)} ms (sendTimeoutMs ${sendTimeoutMs})`);
  }

  /** Limits of the pings of this end. */
  protected pingLimits(limits: SessionLimits): SessionLimits {
    return limits;
  }

  /** Forgets what has arrived of a message. @returns whether anything had */
  protected dropFragments(tag: number): boolean {
    return this.#fragments.drop(tag);
  }

  /** Handles a whole message, other than pings. @throws ProtocolError `FWK_MUX_PROTOCOL` */
  protected abstract message(type: number, tag: number, bytes: Buffer, begin: number, end: number): void;

  /** Whether fragments of this message are kept until it is whole. @throws ProtocolError `FWK_MUX_PROTOCOL` */
  protected abstract wants(type: number, tag: number): boolean;

  /** Called when all that arrived together has been read. */
  protected abstract afterRead(): void;

  /** Called once, when the session has ended. */
  protected abstract over(error: SessionEndedError): void;

  /** The peer broke the protocol. */
  protected misunderstood(error: ProtocolError): void {
    this.end(error.message, error);
  }

  /** Frames without a body that wait for the next write. */
  protected get emptyFrames(): number {
    return this.writes === this.#emptyWrites ? this.#emptyFrames : 0;
  }

  protected sendEmpty(type: number, tag: number): void {
    this.#emptyFrames = this.emptyFrames + 1;
    this.#emptyWrites = this.writes;
    this.outgoing.frames.begin(type, tag);
    this.outgoing.endFrame();
  }

  /** Whether the connection keeps the process alive by itself. */
  protected keepProcess(keep: boolean): void {
    if (!(this.#socket instanceof Socket)) return;
    if (keep) this.#socket.ref();
    else this.#socket.unref();
  }

  /** Sends that a message was not understood or not acted upon. */
  protected sendError(tag: number, text: string): void {
    // Finagle sends this number too; the described one it only reads.
    this.outgoing.frames.begin(types.oldRerr, tag);
    this.outgoing.frames.utf8(text);
    this.outgoing.endFrame();
  }

  /** Reads no more until {@link resume}: the peer has to wait. */
  protected pause(): void {
    this.#reading = false;
    this.#socket.pause();
    this.pings.blocked();
  }

  protected resume(): void {
    this.#reading = true;
    this.pings.readsAgain();
    this.#socket.resume();
  }

  /** Ends the session once the operating system has taken all that is to be sent. */
  protected finish(reason: string): void {
    if (this.#finishing || this.#ended) return;
    this.#finishing = true;
    this.outgoing.afterAll(() => this.#end({ reason }, true));
  }

  /** Ends it at once. */
  protected end(reason: string, cause?: unknown): void {
    this.#end({ reason, cause }, false);
  }

  /** Calls a listener of users; what it throws becomes a process warning. @param of - what it listens to, for the warning */
  protected tell(of: string, listener: (() => void) | undefined): void {
    try {
      listener?.();
    } catch (error) {
      warnOfListener(error, of);
    }
  }

  #broke(error: Error): void {
    this.end(`the connection broke (${error.message})`, error);
  }

  #end(how: SessionEnd, politely: boolean): void {
    if (this.#ended) return;
    const ended = new SessionEndedError(this.peer, how, this.inFlight);
    this.#ended = ended;
    this.pings.end();
    this.#series?.ended();
    if (politely) outside(this.#leave, this);
    else this.#socket.destroy();
    this.over(ended);
    this.outgoing.end();
    this.#fragments.clear();
    this.#reader.clear();
    this.tell('the end of a Mux session', this.#onEnd);
  }

  /** Ends this side and waits for the peer. Closing at once could reset the connection, and lose what the peer has not read yet. */
  #leave(): void {
    const socket = this.#socket;
    const timer = this.#clock.setTimer(() => void socket.destroy(), lingerMs, true);
    socket.once('close', () => this.#clock.clearTimer(timer));
    socket.end();
    socket.resume();
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
