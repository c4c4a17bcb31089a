/**
 * The serving end of a session: it hands each call to whoever serves, and sends the answers. A peer that does not read its
 * answers is not read either, so that it cannot fill the memory.
 */
import type { Duplex } from 'node:stream';
import { warnOfListener } from '@fwk/kernel';
import { writeFailure } from '../codec/finagle-contexts.js';
import { frameBytesOf, readInit, writeInit } from '../codec/init-headers.js';
import {
  type DispatchStatus,
  dispatchStatus,
  initProbe,
  muxFailure,
  muxVersion,
  tags,
  messageTypes as types,
} from '../codec/message-types.js';
import { uint16 } from '../codec/numbers.js';
import { ProtocolError } from '../protocol-error.js';
import { CallsByTag } from './calls-by-tag.js';
import { type AnswerWriter, type MuxService, ServedMuxCall } from './served-call.js';
import { Session } from './session.js';
import type { SessionEndedError } from './session-errors.js';
import { type SessionLimits, type SessionOptions, wantedFrameBytes } from './session-options.js';

/** See the head of this file. */
export class ServerSession extends Session {
  readonly #service: MuxService;
  readonly #calls = new CallsByTag<ServedMuxCall>();
  #draining: 'asked' | 'agreed' | undefined;
  #opened = false;
  /** The last lease; undefined where none was given. */
  #leaseMs: number | undefined;

  constructor(socket: Duplex, options: SessionOptions, service: MuxService) {
    super(socket, options);
    this.#service = service;
    this.pings.startLater();
  }

  /** Whether the peer has opened the session, or begun to call. */
  get opened(): boolean {
    return this.#opened;
  }

  get inFlight(): number {
    return this.#calls.size;
  }

  /** False, so that pings are rare: a server waits for nothing, and only has to find out which peers are gone. */
  override get busy(): boolean {
    return false;
  }

  /** @internal */
  answer(call: ServedMuxCall, status: DispatchStatus, writer: AnswerWriter): void {
    const { tag } = call;
    if (this.#calls.get(tag) !== call) return;
    const { frames } = this.outgoing;
    frames.begin(types.Rdispatch, tag);
    this.#calls.delete(tag);
    try {
      frames.byte(status);
      this.contexts.begin();
      writer.writeContexts(this.contexts);
      this.contexts.end();
      writer.writePayload(frames);
    } catch (error) {
      frames.takeBack();
      this.#answerFailure(tag, 'the answer could not be written');
      throw error;
    }
    this.outgoing.endMessage(types.Rdispatch, tag);
    this.afterRead();
    if (this.#draining) this.#endIfDrained();
  }

  /** Tells the caller for how long calls are welcome. @param durationMs - milliseconds, 0 or more; NaN counts as 0 */
  lease(durationMs: number): void {
    if (this.ended) return;
    this.#leaseMs = durationMs;
    if (this.#opened) this.#sendLease(durationMs);
  }

  /** Asks the caller to send no more. The session ends when the caller has agreed and its calls are answered. */
  drain(): void {
    if (this.#draining || this.ended) return;
    this.#draining = 'asked';
    if (this.#opened) this.sendEmpty(types.Tdrain, tags.control);
  }

  /** Ends at once; what is under way is given up. */
  close(): void {
    this.end('it was closed');
  }

  protected message(type: number, tag: number, bytes: Buffer, begin: number, end: number): void {
    switch (type) {
      case types.Tdispatch:
        this.#dispatch(tag, bytes, begin, end);
        break;
      case types.Tdiscarded:
      case types.oldTdiscarded:
        this.#discarded(bytes, begin, end);
        break;
      case types.Rdrain:
        if (this.#draining) this.#draining = 'agreed';
        this.#endIfDrained();
        break;
      case types.Tinit:
        this.#init(tag, bytes, begin, end);
        break;
      case types.Rerr:
      case types.oldRerr:
        // A Finagle client asks in this way whether it may send Tinit.
        if (end - begin === initProbe.length && bytes.toString('latin1', begin, end) === initProbe)
          this.sendError(tag, initProbe);
        break;
      case types.Treq:
      case types.Tdrain:
      case types.Tlease:
        this.sendError(tag, `a message of type ${type} is not served`);
        break;
      case types.Rdiscarded:
      case types.Rinit:
      case types.Rdispatch:
        break;
      default:
        throw new ProtocolError(`a message of type ${type} came, which is unknown`);
    }
  }

  protected over(error: SessionEndedError): void {
    for (const call of this.#calls.takeAll()) this.tell('a Mux call', () => call.onGone?.(error.message));
  }

  protected wants(type: number, tag: number): boolean {
    if (type === types.Tdispatch) this.#checkTag(tag);
    return type === types.Tdispatch;
  }

  /** Patient, since a server does not wait for its callers, and a caller may be busy for a while. */
  protected override pingLimits(limits: SessionLimits): SessionLimits {
    return { ...limits, pingTimeoutMs: Math.max(limits.pingTimeoutMs, limits.idlePingMs) };
  }

  /** Tells the peer, if it still reads, before the session ends. */
  protected override misunderstood(error: ProtocolError): void {
    if (this.ended) return;
    this.sendError(tags.marker, error.message);
    this.outgoing.flush();
    super.misunderstood(error);
  }

  #dispatch(tag: number, bytes: Buffer, begin: number, end: number): void {
    this.#checkTag(tag);
    if (this.#draining === 'agreed' || this.#calls.size >= this.limits.maxInFlight) {
      this.#nack(tag);
      return;
    }
    const call = new ServedMuxCall(this, tag, bytes, begin, end);
    if (!this.#opened) this.#open();
    this.#calls.add(tag, call);
    try {
      this.#service.serve(call);
    } catch (error) {
      warnOfListener(error, 'the calls of a Mux session');
      if (!this.#calls.delete(tag)) return;
      this.#answerFailure(tag, 'the call could not be served');
      this.#endIfDrained();
    }
  }

  #checkTag(tag: number): void {
    if (tag < tags.first) throw new ProtocolError(`a call has the tag ${tag}, which is reserved`);
    if (this.#calls.get(tag)) throw new ProtocolError(`a call has the tag ${tag}, which another call still has`);
  }

  /** Not with Rerr: a Finagle client that gets it for its first call takes the server for an old one, and sends the call again. */
  #answerFailure(tag: number, text: string): void {
    const { frames } = this.outgoing;
    frames.begin(types.Rdispatch, tag);
    frames.byte(dispatchStatus.error);
    frames.uint16(0);
    frames.utf8(text);
    this.outgoing.endFrame();
  }

  #nack(tag: number): void {
    const { frames } = this.outgoing;
    frames.begin(types.Rdispatch, tag);
    frames.byte(dispatchStatus.nack);
    this.contexts.begin();
    writeFailure(this.contexts, muxFailure.retryable | muxFailure.rejected);
    this.contexts.end();
    this.outgoing.endFrame();
  }

  #discarded(bytes: Buffer, begin: number, end: number): void {
    if (end - begin < 3) throw new ProtocolError('a Tdiscarded is cut off');
    const tag = ((bytes[begin] as number) << 16) | uint16(bytes, begin + 1);
    // Not all fragments of the call have come. Its tag is free, and there is no answer, as with Finagle.
    if (this.dropFragments(tag)) return;
    const call = this.#calls.get(tag);
    if (call) {
      this.#calls.delete(tag);
      const why = bytes.toString('utf8', begin + 3, Math.min(end, begin + 3 + longestText));
      this.tell('a Mux call', () => call.onGone?.(why));
    }
    // Answered already, and the whole answer has been sent.
    else if (this.outgoing.drop(tag) === 'sent') return;
    this.sendEmpty(types.Rdiscarded, tag);
    this.#endIfDrained();
  }

  #init(tag: number, bytes: Buffer, begin: number, end: number): void {
    const init = readInit(bytes, begin, end);
    if (init.version !== muxVersion) {
      this.sendError(tag, `Unsupported Mux version: ${init.version}`);
      this.finish(`the peer speaks version ${init.version} of Mux, and this end only ${muxVersion}`);
      return;
    }
    this.outgoing.frames.begin(types.Rinit, tag);
    writeInit(this.outgoing.frames, muxVersion, wantedFrameBytes(this.limits));
    this.outgoing.endFrame();
    this.outgoing.peerFrameBytes = frameBytesOf(init);
    if (!this.#opened) this.#open();
  }

  #sendLease(durationMs: number): void {
    const ms = Math.min(Math.max(0, durationMs || 0), Number.MAX_SAFE_INTEGER);
    const { frames } = this.outgoing;
    frames.begin(types.Tlease, tags.marker);
    frames.byte(0);
    frames.uint32(Math.floor(ms / 2 ** 32));
    frames.uint32(Math.floor(ms) % 2 ** 32);
    this.outgoing.endFrame();
  }

  /** Sends nothing earlier: a Finagle client that gets anything before the echo of its probe opens the session without Tinit. */
  #open(): void {
    this.#opened = true;
    this.pings.start();
    if (this.#leaseMs !== undefined) this.#sendLease(this.#leaseMs);
    if (this.#draining) this.sendEmpty(types.Tdrain, tags.control);
  }

  /** Stops reading from a peer that does not read its answers or the answers to its pings. */
  protected afterRead(): void {
    if (!this.reading || this.ended || !this.outgoing.blocked || this.unsentBytes < this.limits.maxUnsentBytes) return;
    this.pause();
    this.outgoing.onTaken = () => {
      if (this.unsentBytes >= this.limits.maxUnsentBytes / 2) return;
      this.outgoing.onTaken = undefined;
      this.resume();
    };
  }

  #endIfDrained(): void {
    if (this.#draining === 'agreed' && this.#calls.size === 0) this.finish('it was drained');
  }
}

/** Most bytes of a peer's reason that are read. */
const longestText = 1000;
