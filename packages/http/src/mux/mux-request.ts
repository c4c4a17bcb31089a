/** A request of an operation that came over Mux. It arrives whole, with its body. */
import { isUtf8 } from 'node:buffer';
import type { ServedMuxCall } from '@fwk/mux';
import type { Content } from '../contract/content.js';
import type { WireAnswer } from '../serving/answer.js';
import { bodyNotText, bodyTooLarge } from '../serving/body-faults.js';
import type { AnswerWatcher } from '../serving/incoming-request.js';
import { type RequestHead, type RequestSource, WholeRequest, type WholeTarget } from '../serving/whole-request.js';

/** The caller of a session, and how it is answered. */
export interface MuxCaller extends RequestSource {
  answer(call: ServedMuxCall, answer: WireAnswer): void;
}

/** See the head of this file. */
export class MuxRequest extends WholeRequest {
  readonly protocol = 'mux';
  readonly #call: ServedMuxCall;
  readonly #caller: MuxCaller;

  constructor(call: ServedMuxCall, caller: MuxCaller, head: RequestHead, target: WholeTarget) {
    super(caller, head, target);
    this.#call = call;
    this.#caller = caller;
  }

  /** Copies the body out of the received bytes, which are valid only during this call. */
  takeBody(bytes: Buffer, { kind }: Content, limitBytes: number): void {
    if (bytes.length > limitBytes) this.fault = bodyTooLarge(limitBytes);
    else if (kind === 'bytes') this.body = Buffer.from(bytes);
    else if (!isUtf8(bytes)) this.fault = bodyNotText();
    else this.body = bytes.toString('utf8');
  }

  /** Returns true, since the session sends the rest: the request is over at once. */
  answer(answer: WireAnswer): boolean {
    this.#call.onGone = undefined;
    this.#caller.answer(this.#call, answer);
    return true;
  }

  watch(watcher: AnswerWatcher): void {
    this.#call.onGone = () => watcher.over();
  }
}
