/** A request of an operation that a caller in the same process has made. */
import { isUtf8 } from 'node:buffer';
import type { Content } from '../contract/content.js';
import type { WireAnswer } from '../serving/answer.js';
import { bodyNotText, bodyTooLarge } from '../serving/body-faults.js';
import type { AnswerWatcher } from '../serving/incoming-request.js';
import { localAddress } from '../serving/trusted-networks.js';
import { type RequestHead, type RequestSource, WholeRequest, type WholeTarget } from '../serving/whole-request.js';
import { copied, isLonger } from './copied-body.js';

/** Who made it, on the side of the client. */
export interface LocalCaller {
  answered(answer: WireAnswer): void;
  /** There will be no answer: the server was closed while it worked on the request. */
  lost(): void;
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
  readonly #caller: LocalCaller;
  readonly #work: LocalWork;
  #watcher: AnswerWatcher | undefined;

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

  /** Returns true: an answer that was handed over has arrived. */
  answer(answer: WireAnswer): boolean {
    this.#watcher = undefined;
    this.#work.over(this);
    this.#caller.answered(answer);
    return true;
  }

  watch(watcher: AnswerWatcher): void {
    this.#watcher = watcher;
    this.#work.begun(this);
  }

  /** Nobody waits for the answer any more. */
  gone(): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    this.#work.over(this);
    watcher?.over();
  }

  /** The server ends at once, as if a connection had broken. */
  cut(): void {
    if (!this.#watcher) return;
    this.#caller.lost();
    this.gone();
  }
}
