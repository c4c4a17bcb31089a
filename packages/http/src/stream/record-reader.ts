/** Reads the records of a stream from its bytes: the counterpart of `item-writer.ts`. */
import type { ItemFormat } from '../contract/item-stream.js';
import { AT, eventMarks, lineMarks } from './item-writer.js';
import { checkItemLength, ItemFault, LineSplitter } from './line-splitter.js';

/** Takes the records. */
export interface RecordTaker {
  /** @param json - of one item. @param id - that the wire gives it */
  item(json: string, id: string | undefined): void;
  /** @param document - a problem document, as JSON. */
  problem(document: string): void;
  /** The mark of a good end. */
  ended(): void;
}

/** See the head of this file. */
export interface RecordReader {
  /** @throws ItemFault */
  read(chunk: Buffer): void;
  /** There are no more bytes. @throws ItemFault where they end amid an item */
  end(): void;
}

/**
 * Makes a reader.
 * @param marks - whether the writer marks how the stream ends; without, such records are items like others.
 * @param maxBytes - of one item.
 */
export function recordReader(format: ItemFormat, marks: boolean, maxBytes: number, to: RecordTaker): RecordReader {
  return format === 'events' ? new EventReader(marks, maxBytes, to) : new LineReader(marks, maxBytes, to);
}

/** The record of an error may have so many bytes, however small items must be: the reader is to learn why its stream has ended. */
const LONGEST_PROBLEM = 65_536;

/** How long records may be. */
function limitOf(marks: boolean, itemBytes: number) {
  return { itemBytes, otherBytes: marks ? LONGEST_PROBLEM : 0 };
}

const noEnd = 'ends before its line does';

class LineReader implements RecordReader {
  readonly #lines: LineSplitter;
  readonly #marks: boolean;
  readonly #maxBytes: number;
  readonly #to: RecordTaker;

  constructor(marks: boolean, maxBytes: number, to: RecordTaker) {
    this.#lines = new LineSplitter(limitOf(marks, maxBytes), false);
    this.#marks = marks;
    this.#maxBytes = maxBytes;
    this.#to = to;
  }

  read(chunk: Buffer): void {
    this.#lines.split(chunk, this.#line);
  }

  end(): void {
    if (this.#lines.amid) throw new ItemFault(noEnd);
  }

  readonly #line = (line: string): void => {
    // An empty line says only that the writer is alive.
    if (line === '' || line === '\r') return;
    const { end, problem } = lineMarks;
    if (line.charCodeAt(2) !== AT || !this.#marks) this.#item(line);
    else if (line.startsWith(end)) this.#to.ended();
    else if (line.startsWith(problem)) this.#to.problem(line.slice(problem.length, line.lastIndexOf('}')));
    else this.#item(line);
  };

  #item(line: string): void {
    checkItemLength(line, this.#maxBytes);
    this.#to.item(line, undefined);
  }
}

/** Server-sent events, as the HTML standard has them. Events of other types are passed over, as browsers do. */
class EventReader implements RecordReader {
  readonly #lines: LineSplitter;
  readonly #marks: boolean;
  readonly #maxBytes: number;
  /** Of any record. */
  readonly #mostBytes: number;
  readonly #to: RecordTaker;
  #type = '';
  #data: string | undefined;
  #id: string | undefined;

  constructor(marks: boolean, maxBytes: number, to: RecordTaker) {
    // A line has the name of its field before the item.
    const limit = limitOf(marks, maxBytes);
    this.#lines = new LineSplitter({ ...limit, nameBytes: 'data: '.length }, true);
    this.#mostBytes = Math.max(limit.itemBytes, limit.otherBytes);
    this.#marks = marks;
    this.#maxBytes = maxBytes;
    this.#to = to;
  }

  read(chunk: Buffer): void {
    this.#lines.split(chunk, this.#line);
  }

  end(): void {
    if (this.#lines.amid || this.#data !== undefined) throw new ItemFault(noEnd);
  }

  readonly #line = (line: string): void => {
    if (line === '') {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(':');
    // A comment says only that the writer is alive.
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.#add(value);
    else if (field === 'event') this.#type = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
  };

  #add(value: string): void {
    this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    if (this.#data.length > this.#mostBytes) checkItemLength(this.#data, this.#maxBytes);
  }

  #dispatch(): void {
    const type = this.#type;
    const data = this.#data;
    this.#type = '';
    this.#data = undefined;
    if (data === undefined) return;
    if (type === '' || type === 'message') {
      checkItemLength(data, this.#maxBytes);
      this.#to.item(data, this.#id || undefined);
    } else if (!this.#marks) return;
    else if (type === eventMarks.problem) this.#to.problem(data);
    else if (type === eventMarks.end) this.#to.ended();
  }
}
