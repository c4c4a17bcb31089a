import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import { anInstance } from '../../testing/instances.js';
import { Catalog } from '../catalog.js';
import { type Change, ChangeLog } from './change-log.js';
import { EventStream } from './event-stream.js';
import { ListInParts, PART_LENGTH } from './list-in-parts.js';
import { SseReader } from './sse-reader.js';
import { formatEvent, parseEvent, ping, type StreamEvent } from './wire.js';

const holder = 'holder-one';
let catalog: Catalog;
let log: ChangeLog;
let stream: EventStream | undefined;
let heard: string[];
let reader: Reader;

/** A response whose bytes go out only when it is told to read. */
class Reader extends Writable {
  readonly #sse = new SseReader((name, data) => heard.push(tellOf(parseEvent(name, data))));
  writtenPings = 0;
  #takesAll = false;
  #waiting: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 16 * 1024 });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (chunk.toString() === ping) this.writtenPings++;
    this.#waiting = () => {
      this.#sse.push(chunk.toString());
      done();
    };
    if (this.#takesAll) this.takesOne();
  }

  /** Takes everything from now on. */
  takesAll(): void {
    this.#takesAll = true;
    this.takesOne();
  }

  /** Takes one piece. */
  takesOne(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}

function tellOf(event: StreamEvent | undefined): string {
  if (event?.kind === 'hello') return `hello ${event.hello.resumed ? 'again' : 'anew'} at ${event.hello.version}`;
  return event && 'version' in event ? `${event.kind} ${event.version}` : String(event?.kind);
}

function format(change: Change): string {
  const { kind, ...facts } = change;
  return formatEvent(kind, facts);
}

/** Changes one instance, of some kilobytes. */
function change(id: string): void {
  const entry = { instance: anInstance({ id, metadata: { text: 'x'.repeat(4000) } }), holder, owner: 'o'.repeat(43) };
  catalog.put(entry);
  log.add({ kind: 'put', entry });
}

beforeEach(() => {
  catalog = new Catalog();
  stream = undefined;
  heard = [];
  reader = new Reader();
  log = new ChangeLog((change) => stream?.tell(change.version, Buffer.from(format(change))));
});

/** Opens the stream for a reader that has come so far. */
function open(after?: number): EventStream {
  stream = new EventStream(reader as unknown as ServerResponse, {
    epoch: 'epoch-one',
    changesSince: (version) => log.since(version),
    list: () => new ListInParts(catalog, log.version),
    greeting: (version, resumed) => ({ epoch: 'epoch-one', version, holder, ttlMs: 3000, resumed }),
    format,
  });
  stream.begin(after);
  return stream;
}

/** Until the reader has heard what ends with this. */
async function until(last: string): Promise<void> {
  while (heard.at(-1) !== last) await new Promise((resolve) => setImmediate(resolve));
}

test('tells a list in parts, then what changed meanwhile, then that it is current, then each change', async () => {
  for (let count = 1; count <= 100; count++) change(`i${count}`);
  open();
  change('i1');
  reader.takesAll();
  await until('current');
  change('i2');
  await until('put 102');
  const lists = heard.filter((event) => event === 'list');
  expect(lists.length).toBeGreaterThan(4);
  expect(heard).toEqual(['hello anew at 100', ...lists, 'put 101', 'current', 'put 102']);
});

test('tells who comes back only what it has missed', async () => {
  for (let count = 1; count <= 3; count++) change(`i${count}`);
  reader.takesAll();
  open(1);
  await until('current');
  expect(heard).toEqual(['hello again at 1', 'put 2', 'put 3', 'current']);
});

test('keeps one piece for a reader that takes nothing, however much there is and changes', () => {
  for (let count = 1; count <= 1000; count++) change(`i${count}`);
  open();
  for (let count = 1; count <= 1000; count++) change(`i${count}`);
  expect(reader.writableLength).toBeLessThan(2 * PART_LENGTH);
});

test('begins anew when the reader is so slow that nobody knows what it has missed', async () => {
  for (let count = 0; count < 30; count++) change(`i${count}`);
  open();
  for (let count = 1; count <= 20_000; count++) change(`i${count % 30}`);
  reader.takesAll();
  await until('current');
  expect(heard).toEqual(['hello anew at 30', 'list', 'list', 'hello anew at 20030', 'list', 'list', 'current']);
});

test('cuts a reader that takes nothing for several beats', () => {
  for (let count = 1; count <= 100; count++) change(`i${count}`);
  const stream = open();
  for (let beat = 1; beat < 4; beat++) stream.beat(4);
  expect(reader.destroyed).toBe(false);
  stream.beat(4);
  expect(reader.destroyed).toBe(true);
});

test('does not cut a reader that takes one piece now and then', async () => {
  for (let count = 1; count <= 100; count++) change(`i${count}`);
  const stream = open();
  for (let round = 0; round < 5; round++) {
    for (let beat = 1; beat < 4; beat++) stream.beat(4);
    // What was written in one turn counts as one.
    while (reader.writableLength > 0) reader.takesOne();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(reader.destroyed).toBe(false);
});

test('says that it is open only where no change has said so since the last beat', async () => {
  reader.takesAll();
  const stream = open();
  await until('current');
  const pings = () => {
    const written = reader.writtenPings;
    reader.writtenPings = 0;
    return written;
  };
  stream.beat(4);
  expect(pings()).toBe(1);
  change('i1');
  stream.beat(4);
  expect(pings()).toBe(0);
  stream.beat(4);
  expect(pings()).toBe(1);
});
