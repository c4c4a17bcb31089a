/** The body of Tinit and Rinit: a version, then keys and values that say what an end can do. */
import { ProtocolError } from '../protocol-error.js';
import { uint16, uint32 } from './context-reader.js';
import type { FrameOutput } from './frame-output.js';

/** The key under which an end says how large the frames are that it wants, as four bytes. */
export const framerKey = 'mux-framer';

/** Headers that are read; more are ignored. */
const maxHeaders = 64;

/** What an end says of itself. */
export interface InitMessage {
  readonly version: number;
  /** By key, of which bytes above 127 are the characters of Latin-1. */
  readonly headers: ReadonlyMap<string, Buffer>;
}

/** Writes the body. @param frameBytes - how much of a message a frame may have that is sent here */
export function writeInit(output: FrameOutput, version: number, frameBytes: number): void {
  output.uint16(version);
  output.uint32(framerKey.length);
  output.latin1(framerKey);
  output.uint32(4);
  output.uint32(frameBytes);
}

/** Reads the body. @throws ProtocolError `FWK_MUX_PROTOCOL` for one that is cut off */
export function readInit(bytes: Buffer, begin: number, end: number): InitMessage {
  if (begin + 2 > end) throw cutOff();
  const headers = new Map<string, Buffer>();
  let at = begin + 2;
  const next = (): Buffer => {
    const from = at + 4;
    if (from > end) throw cutOff();
    at = from + uint32(bytes, at);
    if (at > end) throw cutOff();
    return bytes.subarray(from, at);
  };
  while (at < end && headers.size < maxHeaders) {
    const key = next().toString('latin1');
    headers.set(key, next());
  }
  return { version: uint16(bytes, begin), headers };
}

/** How large frames a peer wants, of what it said; `Infinity` where it said nothing that means something. */
export function frameBytesOf({ headers }: InitMessage): number {
  const value = headers.get(framerKey);
  if (value?.length !== 4) return Number.POSITIVE_INFINITY;
  // Java's numbers have signs.
  const bytes = value.readInt32BE();
  return bytes > 0 ? bytes : Number.POSITIVE_INFINITY;
}

function cutOff(): ProtocolError {
  return new ProtocolError('the headers that open a session are cut off');
}
