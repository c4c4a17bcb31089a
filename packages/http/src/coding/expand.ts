/**
 * Expands compressed bodies, within limits. A small body may expand to gigabytes (a "zip bomb"): expanding ends as soon as more than
 * the largest size has come out, or so many times more than went in that nobody can have meant it.
 */
import { type Coding, coder, type Expander } from './codings.js';
import { zstdFrames } from './zstd-frames.js';

/** What a body may expand to. */
export interface ExpandLimits {
  /** Bytes that may come out. */
  readonly maxBytes: number;
  /** How many times more may come out than went in. Not looked at before {@link freeBytes} have come out. */
  readonly maxRatio: number;
}

/** So much may come out whatever went in: repeated text is compressed a thousandfold. */
export const freeBytes = 1_048_576;

/** Why a body was not expanded. */
export interface ExpandFault {
  readonly kind: 'size' | 'ratio' | 'broken';
  /** Bytes that went in and came out until it ended. */
  readonly inBytes: number;
  readonly outBytes: number;
}

/** What goes beyond the limits; undefined within them. */
export function beyond(
  { maxBytes, maxRatio }: ExpandLimits,
  inBytes: number,
  outBytes: number,
): ExpandFault | undefined {
  if (outBytes > maxBytes) return { kind: 'size', inBytes, outBytes };
  return outBytes > freeBytes && outBytes > inBytes * maxRatio ? { kind: 'ratio', inBytes, outBytes } : undefined;
}

/** Expands a whole body. */
export async function expand(coding: Coding, body: Uint8Array, limits: ExpandLimits): Promise<Buffer | ExpandFault> {
  if (coding !== 'zstd') return expandPart(coding, body, limits, { inBytes: body.length, outBytes: 0 });
  const frames = zstdFrames(body);
  if (!frames) return { kind: 'broken', inBytes: body.length, outBytes: 0 };
  const parts: Buffer[] = [];
  let outBytes = 0;
  for (const frame of frames) {
    const part = await expandPart(coding, frame, limits, { inBytes: body.length, outBytes });
    if (!Buffer.isBuffer(part)) return part;
    parts.push(part);
    outBytes += part.length;
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, outBytes);
}

/**
 * Whether something stands behind the end of what was expanded. Node passes over it for br and zstd; for gzip it fails by itself, and
 * allows padding with zeros.
 * @param inBytes - that were written
 */
export function hasRest(coding: Coding, { bytesWritten }: Expander, inBytes: number): boolean {
  return coding !== 'gzip' && bytesWritten < inBytes;
}

/** Compresses a whole body, outside the event loop. */
export function compress(coding: Coding, body: string | Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const compressing = coder().compressor(coding, false);
    compressing.on('data', (chunk: Buffer) => void chunks.push(chunk));
    compressing.on('error', reject);
    compressing.on('end', () => resolve(Buffer.concat(chunks)));
    compressing.end(body);
  });
}

/** @param before - bytes of the whole body, and those that came out of its parts before this one */
function expandPart(
  coding: Coding,
  part: Uint8Array,
  limits: ExpandLimits,
  before: { readonly inBytes: number; readonly outBytes: number },
): Promise<Buffer | ExpandFault> {
  return new Promise((resolve) => {
    const expanding = coder().expander(coding);
    const chunks: Buffer[] = [];
    let { outBytes } = before;
    const end = (result: Buffer | ExpandFault) => {
      expanding.destroy();
      resolve(result);
    };
    expanding.on('data', (chunk: Buffer) => {
      outBytes += chunk.length;
      const fault = beyond(limits, before.inBytes, outBytes);
      if (fault) end(fault);
      else chunks.push(chunk);
    });
    const broken = () => end({ kind: 'broken', inBytes: before.inBytes, outBytes });
    expanding.on('error', broken);
    expanding.on('end', () => {
      if (hasRest(coding, expanding, part.length)) broken();
      else end(Buffer.concat(chunks));
    });
    expanding.end(part);
  });
}

/**
 * What is wrong, in words that follow "the body" or "the answer": the limit, and what was measured.
 * @param option - the name of the limit of the size
 */
export function expandFaultText(
  { kind, inBytes, outBytes }: ExpandFault,
  coding: Coding,
  { maxBytes, maxRatio }: ExpandLimits,
  option: string,
): string {
  const grown = `${inBytes} bytes of ${coding} had become ${outBytes} when it was given up`;
  switch (kind) {
    case 'size':
      return `is larger than ${option} ${maxBytes}: ${grown}`;
    case 'ratio':
      return `expands to more than maxRatio ${maxRatio} times its size: ${grown}`;
    case 'broken':
      return `is not valid ${coding}, or was cut off`;
  }
}
