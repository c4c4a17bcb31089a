/**
 * The response that a program answers a guarded request on. It stays Node's own object, since frameworks put prototypes and
 * properties of their own on it; single methods of this one object are replaced, so that the guard knows when the head is sent and
 * when the answer ends. When the guard answers in the program's place (its time is over), what the program still writes
 * goes nowhere, and raises no error.
 */
import type { ServerResponse } from 'node:http';
import { writeAnswer } from '../server/write-answer.js';
import type { ServedAnswer, WireAnswer } from '../serving/answer.js';
import type { AnswerCopy } from './answer-copy.js';
import { detachHead } from './detached-head.js';

/** Is told how the program answers. */
export interface ProgramWatcher {
  headSent(): void;
  /** The program ends its answer. A promise holds the end back until it settles; it must not reject. */
  ending(): Promise<void> | undefined;
  /** It has ended it, also when nobody was there any more. */
  ended(): void;
}

/** Headers that say something about the answer that a program had begun, and are wrong for another. */
const ofTheAnswer =
  /^(?:content-|etag$|last-modified$|location$|set-cookie$|transfer-encoding$|trailer$|cache-control$|expires$)/i;

const responses = new WeakMap<ServerResponse, ProgramResponse>();

/** See the head of this file. */
export class ProgramResponse {
  readonly node: ServerResponse;
  readonly #writeHead: ServerResponse['writeHead'];
  readonly #write: ServerResponse['write'];
  readonly #end: ServerResponse['end'];
  readonly #beforeHead: (response: ServerResponse) => void;
  #watcher: ProgramWatcher | undefined;
  #copy: AnswerCopy | undefined;
  #sent: ServedAnswer | undefined;
  #over = false;
  #taken = false;
  /** What the program said its answer fails with; undefined where it said nothing. */
  error: unknown;

  /** @param beforeHead - may still set headers. */
  constructor(node: ServerResponse, beforeHead: (response: ServerResponse) => void) {
    this.node = node;
    const { writeHead, write, end } = node;
    this.#writeHead = writeHead;
    this.#write = write;
    this.#end = end;
    this.#beforeHead = beforeHead;
    node.writeHead = (...given: unknown[]) => this.#sendHead(given);
    node.end = (...given: unknown[]) => this.#finish(given);
    responses.set(node, this);
  }

  /** The one of a response; undefined where nothing guards it. */
  static of(node: ServerResponse): ProgramResponse | undefined {
    return responses.get(node);
  }

  /** What the program has answered; undefined until its head is sent, and for good when the guard answers. */
  get sent(): ServedAnswer | undefined {
    return this.#sent;
  }

  watch(watcher: ProgramWatcher): void {
    this.#watcher = watcher;
  }

  /** Copies what the program answers from now on. */
  copyTo(copy: AnswerCopy): void {
    this.#copy = copy;
    this.node.write = (...given: unknown[]) => {
      copy.add(given[0], given[1]);
      return this.#taken || Reflect.apply(this.#write, this.node, given);
    };
  }

  /** Answers in the program's place, unless that has sent a head already. @param close - ends the connection with it */
  take(answer: WireAnswer, close: boolean, load: string | undefined): void {
    const { node } = this;
    if (this.#taken || this.#sent || node.headersSent || node.destroyed) return;
    this.#taken = true;
    node.writeHead = this.#writeHead;
    node.write = this.#write;
    node.end = this.#end;
    for (const name of node.getHeaderNames()) if (ofTheAnswer.test(name)) node.removeHeader(name);
    writeAnswer(node, answer, close, load);
    detachHead(node, this.#copy);
    node.write = (...given: unknown[]) => {
      this.#copy?.add(given[0], given[1]);
      return true;
    };
    node.end = (...given: unknown[]) => this.#finish(given);
  }

  #sendHead(given: unknown[]): ServerResponse {
    const { node } = this;
    if (!node.headersSent) this.#beforeHead(node);
    this.#copy?.head(node, given);
    Reflect.apply(this.#writeHead, node, given);
    if (!this.#sent) {
      this.#sent = { ...headAlone, status: Math.min(599, Math.max(200, node.statusCode)) };
      this.#watcher?.headSent();
    }
    return node;
  }

  #finish(given: unknown[]): ServerResponse {
    if (this.#over) return this.#taken ? this.node : Reflect.apply(this.#end, this.node, given);
    this.#over = true;
    this.#copy?.add(given[0], given[1]);
    const held = this.#watcher?.ending();
    if (held) held.then(() => this.#sendEnd(given)).catch((error: Error) => this.node.destroy(error));
    else this.#sendEnd(given);
    return this.node;
  }

  #sendEnd(given: unknown[]): void {
    if (!this.#taken) Reflect.apply(this.#end, this.node, given);
    this.#watcher?.ended();
  }
}

const headAlone = Object.freeze({ contentType: undefined, body: undefined, headers: undefined });
