/** The body of Tinit and Rinit: a version, then keys and values that say what an end can do. */
import { ProtocolError } from '../protocol-error.js';
import type { FrameOutput } from './frame-output.js';
import { uint16, uint32 } from './numbers.js';

/** The header by which an end says how large the frames are that it wants: a number of four bytes. */
export const framerKey = 'mux-framer';

/** Most headers that are read; further ones are ignored. */
const maxHeaders = 64;

/** A version and headers that were read. */
export interface InitMessage {
  readonly version: number;
  /** Values by key; keys are read as Latin-1. */
  readonly headers: ReadonlyMap<string, Buffer>;
}

/** Writes the body. @param frameBytes - how many bytes of a message this end wants in one frame */
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

/** How many bytes of a message the peer wants in one frame; `Infinity` where it says none or no valid number. */
export function frameBytesOf({ headers }: InitMessage): number {
  const value = headers.get(framerKey);
  if (value?.length !== 4) return Number.POSITIVE_INFINITY;
  // Finagle reads and writes it as a signed number.
  const bytes = value.readInt32BE();
  return bytes > 0 ? bytes : Number.POSITIVE_INFINITY;
}

function cutOff(): ProtocolError {
  return new ProtocolError('the headers that open a session are cut off');
}
