/**
 * The serving end of a session: it hands each call to whoever serves, and sends the answers. A peer that does not read its
 * answers is not read either, so that it cannot fill the memory.
 */
import type { Duplex } from 'node:stream';
import { ContextReader, uint16 } from '../codec/context-reader.js';
import type { ContextWriter } from '../codec/context-writer.js';
import { writeFailure } from '../codec/finagle-contexts.js';
import type { FrameOutput } from '../codec/frame-output.js';
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
import { ProtocolError } from '../protocol-error.js';
import { Session } from './session.js';
import type { SessionEndedError } from './session-errors.js';
import { type SessionOptions, wantedFrameBytes } from './session-options.js';

/** Writes an answer: its contexts, then its payload. */
export interface AnswerWriter {
  writeContexts(contexts: ContextWriter): void;
  writePayload(output: FrameOutput): void;
}

/** Serves calls. */
export interface MuxService {
  /** Runs in no call's async context; must not throw. @param call - what it reads is good until this returns */
  serve(call: ServedMuxCall): void;
}

/** A call as it arrived. */
export class ServedMuxCall {
  /** Where it goes: `/inventory/stock`. */
  readonly destination: string;
  /** Told when the caller has given up or is gone, unless it has been answered. */
  onGone: ((why: string) => void) | undefined;
  readonly session: ServerSession;
  readonly tag: number;
  readonly #bytes: Buffer;
  readonly #begin: number;
  readonly #payloadBegin: number;
  readonly #end: number;

  /** @throws ProtocolError `FWK_MUX_PROTOCOL` */
  constructor(session: ServerSession, tag: number, bytes: Buffer, begin: number, end: number) {
    this.session = session;
    this.tag = tag;
    this.#bytes = bytes;
    this.#begin = begin;
    this.#end = end;
    let at = new ContextReader(bytes, begin, end).skipAll();
    const destinationEnd = skip(bytes, at, end);
    this.destination = bytes.toString('latin1', at + 2, destinationEnd);
    at = destinationEnd;
    if (at + 2 > end) throw cutOff();
    // Rewritings of names, which mean something to routers of Finagle only.
    for (let left = 2 * uint16(bytes, at), next = at + 2; ; left--) {
      at = next;
      if (left === 0) break;
      next = skip(bytes, at, end);
    }
    this.#payloadBegin = at;
  }

  /** Reads the contexts from the first one on. */
  get contexts(): ContextReader {
    return new ContextReader(this.#bytes, this.#begin, this.#end);
  }

  /** Part of what arrived: copy it to keep it. */
  get payload(): Buffer {
    return this.#bytes.subarray(this.#payloadBegin, this.#end);
  }

  /** Answers, unless the caller has given up or is gone. */
  answer(status: DispatchStatus, writer: AnswerWriter): void {
    this.session.answer(this, status, writer);
  }
}

/** See the head of this file. */
export class ServerSession extends Session {
  readonly #service: MuxService;
  /** By tag. */
  readonly #calls = new Map<number, ServedMuxCall>();
  #draining: 'asked' | 'agreed' | undefined;
  #opened = false;
  #paused = false;

  constructor(socket: Duplex, options: SessionOptions, service: MuxService) {
    super(socket, options);
    this.#service = service;
    this.pings.startLater();
  }

  get inFlight(): number {
    return this.#calls.size;
  }

  /** A peer is asked rarely, since it is the one who waits: only those that are gone are to be found. */
  override get busy(): boolean {
    return false;
  }

  /** @internal */
  answer(call: ServedMuxCall, status: DispatchStatus, writer: AnswerWriter): void {
    const { tag } = call;
    if (this.#calls.get(tag) !== call) return;
    this.#calls.delete(tag);
    const { frames } = this.outgoing;
    frames.begin(types.Rdispatch, tag);
    try {
      frames.byte(status);
      this.contexts.begin();
      writer.writeContexts(this.contexts);
      this.contexts.end();
      writer.writePayload(frames);
    } catch (error) {
      frames.takeBack();
      // Not Rerr: a Finagle client whose first call is answered so takes the server for an older one, and calls again.
      frames.begin(types.Rdispatch, tag);
      frames.byte(dispatchStatus.error);
      frames.uint16(0);
      frames.utf8('the answer could not be written');
      this.outgoing.endFrame();
      throw error;
    }
    this.outgoing.endMessage(types.Rdispatch, tag);
    this.#wait();
    if (this.#draining) this.#endIfDrained();
  }

  /** Tells the caller for how long requests are wanted, in milliseconds. */
  lease(ms: number): void {
    const { frames } = this.outgoing;
    frames.begin(types.Tlease, tags.marker);
    frames.byte(0);
    frames.uint32(Math.floor(ms / 2 ** 32));
    frames.uint32(Math.floor(ms) % 2 ** 32);
    this.outgoing.endFrame();
  }

  /** Asks the caller to send no more. The session ends when it has agreed and its calls are answered. */
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
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.onGone?.(error.message);
  }

  /** A peer is told, as far as it can be, before the session ends. */
  protected override misunderstood(error: ProtocolError): void {
    this.sendError(tags.marker, error.message);
    this.outgoing.flush();
    super.misunderstood(error);
  }

  #dispatch(tag: number, bytes: Buffer, begin: number, end: number): void {
    if (tag < tags.first) throw new ProtocolError(`a call has the tag ${tag}, which is none for calls`);
    if (this.#calls.has(tag)) throw new ProtocolError(`a call has the tag ${tag}, which another one has still`);
    if (this.#draining === 'agreed' || this.#calls.size >= this.limits.maxInFlight) {
      this.#nack(tag);
      return;
    }
    const call = new ServedMuxCall(this, tag, bytes, begin, end);
    if (!this.#opened) this.#open();
    this.#calls.set(tag, call);
    this.#service.serve(call);
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
    // Its fragments were still arriving: nobody waits for an answer.
    if (this.dropFragments(tag)) return;
    const call = this.#calls.get(tag);
    if (call) {
      this.#calls.delete(tag);
      call.onGone?.(bytes.toString('utf8', begin + 3, Math.min(end, begin + 3 + longestText)));
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
      return;
    }
    this.outgoing.frames.begin(types.Rinit, tag);
    writeInit(this.outgoing.frames, muxVersion, wantedFrameBytes);
    this.outgoing.endFrame();
    this.outgoing.peerFrameBytes = frameBytesOf(init);
    if (!this.#opened) this.#open();
  }

  /** Only now: a Finagle client that is sent anything else before the echo of its probe opens the session without Tinit. */
  #open(): void {
    this.#opened = true;
    this.pings.start();
    if (this.#draining) this.sendEmpty(types.Tdrain, tags.control);
  }

  /** Does not read from a peer that does not read. */
  #wait(): void {
    if (this.#paused || !this.outgoing.blocked || this.unsentBytes < this.limits.maxUnsentBytes) return;
    this.#paused = true;
    this.pause();
    this.outgoing.onTaken = () => {
      if (this.unsentBytes >= this.limits.maxUnsentBytes / 2) return;
      this.outgoing.onTaken = undefined;
      this.#paused = false;
      this.resume();
    };
  }

  #endIfDrained(): void {
    if (this.#draining === 'agreed' && this.#calls.size === 0) this.finish('it was drained');
  }
}

/** Characters of a peer's reason that are read. */
const longestText = 1000;

/** Where what begins at `at` with two bytes of length ends. */
function skip(bytes: Buffer, at: number, end: number): number {
  if (at + 2 > end) throw cutOff();
  const next = at + 2 + uint16(bytes, at);
  if (next > end) throw cutOff();
  return next;
}

function cutOff(): ProtocolError {
  return new ProtocolError('a call is cut off');
}
