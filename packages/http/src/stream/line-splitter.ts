/** Takes bytes apart into lines, within a limit, however the bytes come. Costs one decoding for all lines of a piece. */
import { isUtf8 } from 'node:buffer';
import { type GrowingBytes, growingFrom } from '@fwk/kernel';

/** What is wrong with the bytes of a stream, in words that follow the name of an item. */
export class ItemFault extends Error {}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const byteOrderMark = '\ufeff';

/** How long a line may be. */
export interface LineLimit {
  /** Of an item. */
  readonly itemBytes: number;
  /** Of what stands in a line instead of an item. @defaultValue 0 */
  readonly otherBytes?: number;
  /** What may stand in a line beside the item. @defaultValue 0 */
  readonly nameBytes?: number;
}

/** See the head of this file. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #limit: LineLimit;
  readonly #anyEnd: boolean;
  /** The line that has not ended yet, copied: it may come in very many pieces, each of which would cost more than its bytes. */
  #rest: GrowingBytes | undefined;
  /** The last piece ended with a carriage return, so a line feed that follows belongs to it. */
  #returned = false;
  #begun = false;

  /** @param anyEnd - whether a carriage return alone ends a line too. */
  constructor(limit: LineLimit, anyEnd: boolean) {
    const { itemBytes, otherBytes = 0, nameBytes = 0 } = limit;
    this.#maxBytes = Math.max(itemBytes, otherBytes) + nameBytes;
    this.#limit = limit;
    this.#anyEnd = anyEnd;
  }

  /** Whether the bytes so far end amid a line. */
  get amid(): boolean {
    return this.#rest !== undefined;
  }

  /** @throws ItemFault for a line that is too long or no text */
  split(given: Buffer, take: (line: string) => void): void {
    const chunk = this.#returned && given[0] === LINE_FEED ? given.subarray(1) : given;
    if (given.length > 0) this.#returned = this.#anyEnd && given[given.length - 1] === CARRIAGE_RETURN;
    const end = this.#lastEnd(chunk);
    if (end < 0) {
      this.#keep(chunk);
      return;
    }
    const whole = this.#takeRest(chunk.subarray(0, end + 1));
    if (end + 1 < chunk.length) this.#keep(chunk.subarray(end + 1));
    if (!isUtf8(whole)) throw new ItemFault('is not UTF-8');
    let text = whole.toString('utf8');
    if (!this.#begun && text.startsWith(byteOrderMark)) text = text.slice(1);
    this.#begun = true;
    if (this.#anyEnd && text.includes('\r')) text = text.replace(/\r\n?/g, '\n');
    for (let start = 0; start < text.length; ) {
      const at = text.indexOf('\n', start);
      const line = text.slice(start, at);
      this.#check(line);
      start = at + 1;
      take(line);
    }
  }

  #lastEnd(chunk: Buffer): number {
    const feed = chunk.lastIndexOf(LINE_FEED);
    return this.#anyEnd ? Math.max(feed, chunk.lastIndexOf(CARRIAGE_RETURN)) : feed;
  }

  #keep(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if ((this.#rest?.length ?? 0) + chunk.length > this.#maxBytes) throw this.#tooLong();
    if (this.#rest) this.#rest.add(chunk);
    else this.#rest = growingFrom(chunk);
  }

  #takeRest(last: Buffer): Buffer {
    const rest = this.#rest;
    if (!rest) return last;
    this.#rest = undefined;
    rest.add(last);
    return rest.bytes;
  }

  #check(line: string): void {
    if (isLonger(line, this.#maxBytes)) throw this.#tooLong();
  }

  #tooLong(): ItemFault {
    return tooLong(this.#limit.itemBytes);
  }
}

/** @throws ItemFault for an item of more bytes than it may have */
export function checkItemLength(json: string, maxBytes: number): void {
  if (isLonger(json, maxBytes)) throw tooLong(maxBytes);
}

function isLonger(text: string, maxBytes: number): boolean {
  // A character has at most three bytes.
  if (text.length * 3 <= maxBytes) return false;
  return text.length > maxBytes || Buffer.byteLength(text) > maxBytes;
}

function tooLong(maxBytes: number): ItemFault {
  return new ItemFault(`is larger than maxItemBytes ${maxBytes}`);
}
