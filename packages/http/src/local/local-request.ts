/** A request of an operation that a caller in the same process has made. */
import { isUtf8 } from 'node:buffer';
import { lasts } from '@fwk/kernel';
import type { Content } from '../contract/content.js';
import type { WireAnswer } from '../serving/answer.js';
import { bodyNotText, bodyTooLarge } from '../serving/body-faults.js';
import type { AnswerWatcher } from '../serving/incoming-request.js';
import type { BodyPieces, PieceTaker } from '../serving/stream-sink.js';
import { localAddress } from '../serving/trusted-networks.js';
import { type RequestHead, type RequestSource, WholeRequest, type WholeTarget } from '../serving/whole-request.js';
import { copied, isLonger } from './copied-body.js';
import { HandedBody } from './handed-body.js';

/** Who made it, on the side of the client. */
export interface LocalCaller {
  /** An answer that goes on with a stream is handed over with it. */
  answered(answer: WireAnswer): void;
  /** The body, where that is a stream. */
  pieces(): AsyncIterable<Uint8Array> | undefined;
  /** There will be no answer. @param fault - why. @defaultValue the server was closed while it worked on the request */
  lost(fault?: LocalFault): void;
}

/** Why a call within the process has no answer. */
export interface LocalFault {
  /** Whether the server may have begun to work on it. */
  readonly sent: boolean;
  /** That of the system for the same thing between processes. */
  readonly code: 'ECONNREFUSED' | 'ECONNRESET';
  readonly message: string;
}

/** Is told which requests the server works on. */
export interface LocalWork {
  begun(request: LocalRequest): void;
  over(request: LocalRequest): void;
}

const source: RequestSource = Object.freeze({ address: localAddress, peer: undefined });

/** See the head of this file. */
export class LocalRequest extends WholeRequest {
  readonly protocol = 'local';
  readonly streams = true;
  readonly #caller: LocalCaller;
  readonly #work: LocalWork;
  #watcher: AnswerWatcher | undefined;
  #body: HandedBody | undefined;

  constructor(caller: LocalCaller, work: LocalWork, head: RequestHead, target: WholeTarget) {
    super(source, head, target);
    this.#caller = caller;
    this.#work = work;
  }

  /** Copies the body. */
  takeBody(given: string | Uint8Array, { kind }: Content, limitBytes: number): void {
    if (isLonger(given, limitBytes)) this.fault = bodyTooLarge(limitBytes);
    else if (kind === 'bytes') this.body = typeof given === 'string' ? Buffer.from(given) : copied(given);
    else if (typeof given === 'string') this.body = given;
    else if (!isUtf8(given)) this.fault = bodyNotText();
    else this.body = Buffer.from(given).toString('utf8');
  }

  readPieces(taker: PieceTaker): BodyPieces {
    this.#body = new HandedBody(this.#caller.pieces() ?? noPieces(), taker);
    return this.#body;
  }

  /** Returns true for a whole answer: one that was handed over has arrived. A stream arrives until it ends. */
  answer(answer: WireAnswer): boolean {
    if (answer.stream) {
      lasts(answer, () => this.gone());
      this.#caller.answered(answer);
      return false;
    }
    this.#watcher = undefined;
    this.#over();
    this.#caller.answered(answer);
    return true;
  }

  watch(watcher: AnswerWatcher): void {
    this.#watcher = watcher;
    this.#work.begun(this);
  }

  /** Nobody waits for the answer, or for more of it. */
  gone(): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    this.#over();
    watcher?.over();
  }

  /** The server ends at once, as if a connection had broken. */
  cut(): void {
    if (!this.#watcher) return;
    this.#caller.lost();
    this.gone();
  }

  #over(): void {
    this.#body?.stop();
    this.#work.over(this);
  }
}

/** A body without anything in it. */
async function* noPieces(): AsyncGenerator<Uint8Array, void> {}
