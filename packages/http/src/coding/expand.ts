/**
 * Expands compressed bodies, within limits. A small body may expand to gigabytes (a "zip bomb"): expanding ends as soon as more than
 * the largest size has come out, or so many times more than went in that nobody can have meant it.
 */
import { type Coding, coder, type Expander } from './codings.js';

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
export function expand(coding: Coding, body: Uint8Array, limits: ExpandLimits): Promise<Buffer | ExpandFault> {
  return new Promise((resolve) => collect(coding, coder().expander(coding), body, limits, resolve));
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

function collect(
  coding: Coding,
  expanding: Expander,
  body: Uint8Array,
  limits: ExpandLimits,
  tell: (result: Buffer | ExpandFault) => void,
): void {
  const chunks: Buffer[] = [];
  let outBytes = 0;
  const end = (result: Buffer | ExpandFault) => {
    expanding.destroy();
    tell(result);
  };
  expanding.on('data', (chunk: Buffer) => {
    outBytes += chunk.length;
    const fault = beyond(limits, body.length, outBytes);
    if (fault) end(fault);
    else chunks.push(chunk);
  });
  const broken = () => end({ kind: 'broken', inBytes: body.length, outBytes });
  expanding.on('error', broken);
  expanding.on('end', () => {
    // Node passes over what stands behind the end of br and zstd. For gzip it fails by itself, and allows padding with zeros.
    if (coding !== 'gzip' && expanding.bytesWritten < body.length) broken();
    else end(Buffer.concat(chunks, outBytes));
  });
  expanding.end(body);
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
