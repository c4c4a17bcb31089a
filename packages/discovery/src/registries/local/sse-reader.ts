/**
 * Splits a stream of server-sent events into its events. Reads what the embedded registry writes: `event`, `data` in one
 * line, `id`; comments and unknown fields are passed over.
 */

/** More than twice the longest event of a registry; a server that sends no end of an event is not one. */
const MAX_EVENT_LENGTH = 1024 * 1024;

/** Collects text and hands out whole events. */
export class SseReader {
  readonly #onEvent: (event: string, data: string, text: string) => void;
  readonly #onComment: (text: string) => void;
  /** The texts of an event that has no end yet: searched when they came, and not again with each that follows. */
  #begun: string[] = [];
  #begunLength = 0;

  /** @param onComment - told of what is no event. Both are told the text as well, without the empty line after it. */
  constructor(onEvent: (event: string, data: string, text: string) => void, onComment = (_text: string) => {}) {
    this.#onEvent = onEvent;
    this.#onComment = onComment;
  }

  /** @throws Error when an event grows without end; also whatever the receiver throws. */
  push(text: string): void {
    if (text === '') return;
    // The empty line may have been cut in two.
    const cut = text.startsWith('\n') && this.#begun.at(-1)?.endsWith('\n');
    const [first = '', ...others] = (cut ? `\n${text}` : text).split('\n\n');
    this.#begun.push(first);
    this.#begunLength += first.length;
    for (const next of others) {
      const event = this.#begun.join('');
      this.#begun = [next];
      this.#begunLength = next.length;
      this.#read(event);
    }
    if (this.#begunLength > MAX_EVENT_LENGTH) throw new Error('an event without end');
  }

  #read(part: string): void {
    let event = 'message';
    let data = '';
    for (const line of part.split('\n')) {
      if (line.startsWith('event: ')) event = line.slice(7);
      else if (line.startsWith('data: ')) data = line.slice(6);
    }
    if (data === '') this.#onComment(part);
    else this.#onEvent(event, data, part);
  }
}
