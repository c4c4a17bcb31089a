import { ProtocolError } from '../protocol-error.js';
import { ContextReader } from './context-reader.js';
import { uint16 } from './numbers.js';

/** Where the parts of a Tdispatch begin. */
export interface CallBody {
  /** Where the call goes. */
  readonly destination: string;
  readonly payloadBegin: number;
}

/** Reads the body of a Tdispatch up to its payload. @throws ProtocolError `FWK_MUX_PROTOCOL` for one that is cut off */
export function readCallBody(bytes: Buffer, begin: number, end: number): CallBody {
  const contextsEnd = new ContextReader(bytes, begin, end).skipAll();
  let at = skip(bytes, contextsEnd, end);
  const destination = bytes.toString('latin1', contextsEnd + 2, at);
  if (at + 2 > end) throw cutOff();
  // Finagle's delegation table (dtab): pairs of names that only its routers use.
  let left = 2 * uint16(bytes, at);
  at += 2;
  for (; left > 0; left--) at = skip(bytes, at, end);
  return { destination, payloadBegin: at };
}

/** Where a part ends that begins at `at` with its length in two bytes. */
function skip(bytes: Buffer, at: number, end: number): number {
  if (at + 2 > end) throw cutOff();
  const next = at + 2 + uint16(bytes, at);
  if (next > end) throw cutOff();
  return next;
}

function cutOff(): ProtocolError {
  return new ProtocolError('a call is cut off');
}
