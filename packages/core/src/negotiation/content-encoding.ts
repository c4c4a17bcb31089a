import { promisify } from 'node:util';
import { readQualityList } from './quality-list.js';

/** Shorter bodies are sent as they are: compressing them saves no packet. In bytes. */
export const smallestCompressed = 1024;

/** A body as it is sent. */
export interface EncodedBody {
  /** The header `Content-Encoding`; undefined for a body that is sent as it is. */
  readonly encoding: 'gzip' | undefined;
  readonly body: Buffer;
}

/**
 * Compresses a text where the header `Accept-Encoding` allows it (RFC 9110, 12.5.3) and its length makes it worth while.
 * `node:zlib` is loaded at the first such body and works outside the event loop.
 * @returns undefined when the header allows neither gzip nor the text as it is; 406 says so.
 */
export async function encodeBody(acceptEncoding: string | undefined, text: string): Promise<EncodedBody | undefined> {
  const { gzip, identity } = acceptedEncodings(acceptEncoding);
  const plain = Buffer.from(text);
  if (gzip > 0 && (identity === 0 || (gzip >= identity && plain.length >= smallestCompressed))) {
    const zlib = await import('node:zlib');
    // A fast level: level 6 takes three times as long for a tenth less.
    return { encoding: 'gzip', body: await promisify(zlib.gzip)(plain, { level: 2 }) };
  }
  return identity === 0 ? undefined : { encoding: undefined, body: plain };
}

/** The weights of both; without the header only the text as it is. */
function acceptedEncodings(header: string | undefined): { readonly gzip: number; readonly identity: number } {
  const weights = new Map<string, number>();
  for (const { value, q } of readQualityList(header)) {
    const name = value === 'x-gzip' ? 'gzip' : value;
    weights.set(name, Math.max(weights.get(name) ?? 0, q));
  }
  const any = weights.get('*');
  const gzip = weights.get('gzip') ?? any ?? 0;
  // Not named, it is acceptable to everybody, and less wanted than what is named.
  const identity = weights.get('identity') ?? (any === 0 ? 0 : Math.min(gzip, 0.001) || 1);
  return { gzip, identity };
}
