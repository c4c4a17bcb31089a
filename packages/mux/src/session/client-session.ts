/**
 * The calling end of a session: calls by tag, and the answer of each. The session takes calls from the moment on which it is
 * open until the peer drains it, or it ends.
 */
import type { Duplex } from 'node:stream';
import { frameBytesOf, readInit, writeInit } from '../codec/init-headers.js';
import { readLease } from '../codec/lease.js';
import { initProbe, muxVersion, tags, messageTypes as types } from '../codec/message-types.js';
import { ProtocolError } from '../protocol-error.js';
import { type MuxCall, MuxReply } from './mux-call.js';
import { Session } from './session.js';
import { NotActedOnError, NotOpenedError, SessionBusyError, type SessionEndedError } from './session-errors.js';
import { type SessionOptions, wantedFrameBytes } from './session-options.js';

/** Whether a session takes calls. With `busy` the next call should go elsewhere: the session is full, or its lease is over. */
export type SessionStatus = 'opening' | 'ready' | 'busy' | 'draining' | 'ended';

/** Stands for a call that was given up, whose tag is not free until the peer has answered. */
const discarded = Symbol('discarded');

/** See the head of this file. */
export class ClientSession extends Session {
  /** Told when the peer has read on, once a call was not taken because it had not. */
  onRoom: (() => void) | undefined;
  readonly #clock: SessionOptions['clock'];
  /** By tag. */
  readonly #calls: (MuxCall | typeof discarded | undefined)[] = [];
  readonly #freeTags: number[] = [];
  #nextTag: number = tags.first;
  #inFlight = 0;
  /** Calls that were given up and whose tags are not free yet. */
  #discarded = 0;
  #opened: ((error?: NotOpenedError) => void) | undefined;
  #draining = false;
  #closing = false;
  /** When the lease ends; `Infinity` when the peer has given none. */
  #leasedUntilMs = Number.POSITIVE_INFINITY;

  /** Use `openSession` instead. @param opened - called once: without an error when the session is open, else with the reason */
  constructor(socket: Duplex, options: SessionOptions, opened: (error?: NotOpenedError) => void) {
    super(socket, options);
    this.#clock = options.clock;
    this.#opened = opened;
    // Finagle takes a Tinit only after this probe. A server that knows neither answers both with errors.
    this.sendError(tags.control, initProbe);
    this.outgoing.frames.begin(types.Tinit, tags.control);
    writeInit(this.outgoing.frames, muxVersion, wantedFrameBytes(this.limits));
    this.outgoing.endFrame();
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether it takes calls. */
  get status(): SessionStatus {
    if (this.ended) return 'ended';
    if (this.#opened) return 'opening';
    if (this.#draining || this.#closing) return 'draining';
    if (this.#inFlight >= this.limits.maxInFlight) return 'busy';
    if (this.outgoing.blocked && this.unsentBytes >= this.limits.maxUnsentBytes) return 'busy';
    if (this.#leasedUntilMs !== Number.POSITIVE_INFINITY && this.#clock.now() >= this.#leasedUntilMs) return 'busy';
    return 'ready';
  }

  /**
   * Sends a call, whose `answered` or `failed` is called later.
   * @throws SessionBusyError `FWK_MUX_SESSION_BUSY`, SessionEndedError `FWK_MUX_SESSION_ENDED`, NotWrittenError
   *   `FWK_MUX_NOT_WRITTEN`, or what the call throws when it writes itself: nothing was sent then
   */
  dispatch(call: MuxCall): void {
    this.#check();
    const { frames } = this.outgoing;
    const tag = this.#freeTags.at(-1) ?? this.#nextTag;
    frames.begin(types.Tdispatch, tag);
    if (this.#freeTags.pop() === undefined) this.#nextTag++;
    try {
      this.contexts.begin();
      call.writeContexts(this.contexts);
      this.contexts.end();
      frames.raw(call.destination);
      frames.uint16(0);
      call.writePayload(frames);
    } catch (error) {
      frames.takeBack();
      this.#freeTags.push(tag);
      throw error;
    }
    // What wrote the call may have closed the session.
    if (this.ended) throw this.ended;
    this.#calls[tag] = call;
    call.tag = tag;
    call.writesBefore = this.outgoing.writes;
    this.#inFlight++;
    this.outgoing.endMessage(types.Tdispatch, tag);
    // Last, since it may write a ping, which must not begin while the call is being written.
    if (this.#inFlight === 1) {
      this.keepProcess(true);
      this.pings.wake();
    }
  }

  /** Gives up a call, which is told nothing more. @param why - sent to the peer */
  discard(call: MuxCall, why: string): void {
    const { tag } = call;
    if (this.#calls[tag] !== call || this.ended) return;
    this.#over();
    const state = this.outgoing.drop(tag);
    // A peer drops a message that is discarded before all its fragments have come, and does not answer.
    if (state === 'sent') {
      this.#calls[tag] = discarded;
      this.#discarded++;
      this.dropFragments(tag);
    } else this.#free(tag);
    if (state !== 'unsent') {
      this.outgoing.frames.begin(types.oldTdiscarded, tags.marker);
      this.outgoing.frames.byte(tag >>> 16);
      this.outgoing.frames.uint16(tag & 0xffff);
      this.outgoing.frames.utf8(why);
      this.outgoing.endFrame();
    }
    if (this.#discarded > maxDiscarded)
      this.end(`the peer has not answered ${this.#discarded} calls that were given up`);
    else this.#endIfDrained();
  }

  /** Takes no more calls, and ends when those under way are over. */
  drain(): void {
    this.#closing = true;
    if (this.#opened) this.end('it was closed');
    else this.#endIfDrained();
  }

  /** Ends at once; calls under way fail. */
  close(): void {
    this.end('it was closed');
  }

  protected message(type: number, tag: number, bytes: Buffer, begin: number, end: number): void {
    switch (type) {
      case types.Rdispatch:
        this.#answered(tag, bytes, begin, end);
        break;
      case types.Rdiscarded:
        this.#refused(tag, 'the call was discarded');
        break;
      case types.Rerr:
      case types.oldRerr:
        this.#failed(tag, bytes.toString('utf8', begin, Math.min(end, begin + longestText)));
        break;
      case types.Rinit:
        this.#open(bytes, begin, end);
        break;
      case types.Tdrain:
        this.sendEmpty(types.Rdrain, tag);
        this.#draining = true;
        this.#endIfDrained();
        break;
      case types.Tlease:
        this.#leasedUntilMs = readLease(bytes, begin, end, this.#clock.now()) ?? this.#leasedUntilMs;
        break;
      case types.oldTdiscarded:
      case types.Tdiscarded:
      case types.Rdrain:
        break;
      default:
        throw new ProtocolError(`a message of type ${type} came, which nobody sends to a client`);
    }
  }

  protected over(error: SessionEndedError): void {
    this.#settle(new NotOpenedError(this.peer, error));
    this.#inFlight = 0;
    const calls = this.#calls.splice(0);
    for (const call of calls) {
      if (call && call !== discarded)
        this.#tellFailed(call, error, !this.outgoing.isUnsent(call.tag, call.writesBefore));
    }
  }

  protected wants(type: number, tag: number): boolean {
    if (type !== types.Rdispatch) throw new ProtocolError('a call came, which nobody sends to a client');
    const call = this.#calls[tag];
    return call !== undefined && call !== discarded;
  }

  /** Goes on reading from a peer that does not read, which may be waiting for that; but does not queue answers to pings for ever. */
  protected afterRead(): void {
    if (this.blocked && this.emptyFrames > maxEmptyFrames)
      this.end(`the peer reads none of the answers to ${this.emptyFrames} pings`);
  }

  #check(): void {
    if (this.ended) throw this.ended;
    switch (this.status) {
      case 'ready':
        return;
      case 'busy':
        if (this.#inFlight >= this.limits.maxInFlight)
          throw new SessionBusyError(this.peer, `${this.#inFlight} are under way (maxInFlight)`);
        if (this.unsentBytes >= this.limits.maxUnsentBytes) {
          this.outgoing.onTaken = this.onRoom;
          throw new SessionBusyError(this.peer, `the peer has not read ${this.unsentBytes} bytes (maxUnsentBytes)`);
        }
        // The lease is over, which is only advice: whoever has a choice goes elsewhere by `status`.
        return;
      default:
        throw new SessionBusyError(this.peer, 'the peer asked for no more, or it is being closed');
    }
  }

  #tellFailed(call: MuxCall, error: Error, sent: boolean): void {
    this.tell('a Mux call', () => call.failed(error, sent));
  }

  #answered(tag: number, bytes: Buffer, begin: number, end: number): void {
    const call = this.#take(tag);
    if (call) {
      try {
        call.answered(new MuxReply(bytes, begin, end));
      } catch (error) {
        this.#tellFailed(call, error as Error, true);
        if (error instanceof ProtocolError) throw error;
      }
    }
    if (this.#draining || this.#closing) this.#endIfDrained();
  }

  #refused(tag: number, text: string): void {
    this.dropFragments(tag);
    const call = this.#take(tag);
    if (call) this.#tellFailed(call, new NotActedOnError(this.peer, text), true);
    this.#endIfDrained();
  }

  #failed(tag: number, text: string): void {
    if (tag !== tags.control) this.#refused(tag, text);
    // After the echo of the probe Rinit will come. Any other error means that the peer knows no Tinit, and takes calls without it.
    else if (this.#opened && text !== initProbe) this.#begin();
  }

  #open(bytes: Buffer, begin: number, end: number): void {
    const init = readInit(bytes, begin, end);
    if (init.version !== muxVersion) {
      throw new ProtocolError(`the peer speaks version ${init.version} of Mux, and this end only ${muxVersion}`);
    }
    if (!this.#opened) return;
    this.outgoing.peerFrameBytes = frameBytesOf(init);
    this.#begin();
  }

  #begin(): void {
    this.#settle();
    this.pings.start();
    this.keepProcess(this.#inFlight > 0);
  }

  #settle(error?: NotOpenedError): void {
    const opened = this.#opened;
    this.#opened = undefined;
    opened?.(error);
  }

  /** Takes what waits for an answer with this tag, and frees the tag. */
  #take(tag: number): MuxCall | undefined {
    const call = this.#calls[tag];
    // There was no such call, or it has been answered.
    if (call === undefined) return undefined;
    this.#free(tag);
    if (call === discarded) {
      this.#discarded--;
      return undefined;
    }
    this.#over();
    return call;
  }

  /** A call is over. A program ends by itself when it waits for none. */
  #over(): void {
    this.#inFlight--;
    if (this.#inFlight === 0) this.keepProcess(false);
  }

  #free(tag: number): void {
    this.#calls[tag] = undefined;
    this.#freeTags.push(tag);
  }

  #endIfDrained(): void {
    if ((this.#draining || this.#closing) && this.#inFlight === 0) this.finish('it was drained');
  }
}

/** Most bytes of a peer's text that are read. */
const longestText = 1000;
/** Most calls that were given up and whose tags the peer has not freed. */
const maxDiscarded = 65_536;
/** Most answers to pings that wait for a peer which does not read. */
const maxEmptyFrames = 32_768;
