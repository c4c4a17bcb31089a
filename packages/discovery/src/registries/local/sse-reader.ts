/**
 * Splits a stream of server-sent events into its events. Reads what the embedded registry writes: `event`, `data` in one
 * line, `id`; comments and unknown fields are passed over.
 */

/** More than a full registry's snapshot; a server that sends no end of an event is not a registry. */
const MAX_EVENT_LENGTH = 256 * 1024 * 1024;

/** Collects text and hands out whole events. */
export class SseReader {
  readonly #onEvent: (event: string, data: string) => void;
  #rest = '';

  constructor(onEvent: (event: string, data: string) => void) {
    this.#onEvent = onEvent;
  }

  /** @throws Error when an event grows without end; also whatever the receiver throws. */
  push(text: string): void {
    const parts = (this.#rest + text).split('\n\n');
    this.#rest = parts.pop() ?? '';
    if (this.#rest.length > MAX_EVENT_LENGTH) throw new Error('an event without end');
    for (const part of parts) this.#read(part);
  }

  #read(part: string): void {
    let event = 'message';
    let data = '';
    for (const line of part.split('\n')) {
      if (line.startsWith('event: ')) event = line.slice(7);
      else if (line.startsWith('data: ')) data = line.slice(6);
    }
    if (data !== '') this.#onEvent(event, data);
  }
}
