/** A stream that a server in the same process answers: its records are handed over as text, as fast as the caller reads them. */
import { outside } from '@fwk/kernel';
import { AnswerItems, type ItemsWire } from '../calling/answer-items.js';
import type { ConnectionParts } from '../calling/connection-parts.js';
import type { ReceivedAnswer } from '../calling/received-answer.js';
import type { OperationPlan } from '../contract/contract.js';
import type { StreamPlan } from '../contract/item-stream.js';
import type { AnswerStream, StreamSink } from '../serving/stream-sink.js';

/** After so many characters the event loop turns: a stream that neither end waits for must not hold it up. */
const TURN_LENGTH = 32_768;

/** Where it comes from. */
export interface Handed {
  readonly operation: OperationPlan<string>;
  readonly plan: StreamPlan;
  /** URL of the endpoint, for messages. */
  readonly endpoint: string;
  readonly answer: ReceivedAnswer;
  readonly clock: ConnectionParts['clock'];
}

/** What is told of it. */
export type HandedEnds = Pick<ItemsWire, 'stop' | 'over'>;

/** See the head of this file. */
export class HandedStream implements StreamSink {
  drained: (() => void) | undefined;
  readonly items: AnswerItems;
  #paused = false;
  /** Characters since the event loop has turned. */
  #written = 0;

  /** @throws AnswerInvalidError where the answer is no stream of items */
  constructor({ operation, plan, endpoint, answer, clock }: Handed, { stop, over }: HandedEnds) {
    this.items = new AnswerItems(operation, plan, endpoint, answer, clock, {
      pause: () => {
        this.#paused = true;
      },
      resume: () => {
        this.#paused = false;
        setImmediate(this.#drain);
      },
      stop,
      over,
    });
  }

  /** Lets the server write. */
  begin(stream: AnswerStream): void {
    stream.start(this);
  }

  write(text: string): boolean {
    outside(this.#take, this, text);
    this.#written += text.length;
    if (this.#paused) return false;
    if (this.#written < TURN_LENGTH) return true;
    setImmediate(this.#drain);
    return false;
  }

  end(text: string): void {
    outside(this.#finish, this, text);
  }

  destroy(): void {
    outside(this.#break, this);
  }

  readonly #drain = (): void => {
    this.#written = 0;
    if (!this.#paused) outside(() => this.drained?.());
  };

  #take(text: string): void {
    this.items.reader.bytes(Buffer.from(text));
  }

  #finish(text: string): void {
    this.#take(text);
    this.items.reader.finished();
  }

  #break(): void {
    this.items.broke(new Error('the server broke the stream off'));
  }
}
