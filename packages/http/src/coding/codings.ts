/** The codings that bodies may be compressed with: those of `node:zlib`, which is loaded when the first body needs it. */
import type { Transform } from 'node:stream';
import { readQualityList } from '@fwk/core';

/** A value of `Content-Encoding`. */
export type Coding = 'gzip' | 'br' | 'zstd';

/** In the order in which they are chosen where the peer wants several alike: the fastest for its size first. */
export const codings: readonly Coding[] = Object.freeze(['zstd', 'br', 'gzip']);

/** Makes streams that compress and expand. */
export interface Coder {
  /** Those that this Node has: zstd since 22.15 and 23.8. */
  readonly known: readonly Coding[];
  /** @param flushes - whether what is written comes out at once, as items of a stream should */
  compressor(coding: Coding, flushes: boolean): Transform;
  expander(coding: Coding): Expander;
}

/** A stream that expands. */
export type Expander = Transform & {
  /** Bytes of the input that belonged to what was expanded: fewer than were written where something else stands behind it. */
  readonly bytesWritten: number;
};

let loaded: Coder | undefined;

/** Loads it when it is first needed. */
export function coder(): Coder {
  loaded ??= coderOf(process.getBuiltinModule('node:zlib'));
  return loaded;
}

function coderOf(zlib: typeof import('node:zlib')): Coder {
  const { constants } = zlib;
  const zstd = hasZstd(zlib) ? zlib : undefined;
  return {
    known: codings.filter((coding) => coding !== 'zstd' || zstd),
    compressor(coding, flushes) {
      // Fast levels: the slow ones take several times as long for a few hundredths less.
      switch (coding) {
        case 'gzip':
          return zlib.createGzip({ level: 4, ...(flushes && { flush: constants.Z_SYNC_FLUSH }) });
        case 'br':
          return zlib.createBrotliCompress({
            params: { [constants.BROTLI_PARAM_QUALITY]: 4 },
            ...(flushes && { flush: constants.BROTLI_OPERATION_FLUSH }),
          });
        case 'zstd':
          return present(zstd).createZstdCompress(flushes ? { flush: present(zstd).constants.ZSTD_e_flush } : {});
      }
    },
    expander(coding) {
      if (coding === 'gzip') return zlib.createGunzip();
      return coding === 'br' ? zlib.createBrotliDecompress() : present(zstd).createZstdDecompress();
    },
  };
}

/** What newer versions of `node:zlib` have. */
interface Zstd {
  readonly constants: { readonly ZSTD_e_flush: number };
  createZstdCompress(options: { readonly flush?: number }): Transform;
  createZstdDecompress(): Expander;
}

function hasZstd(zlib: object): zlib is Zstd {
  return 'createZstdCompress' in zlib;
}

/** Nobody asks for a coding that is not known. */
function present(zstd: Zstd | undefined): Zstd {
  if (!zstd) throw new TypeError('this version of Node has no zstd');
  return zstd;
}

/**
 * The coding that a `Content-Encoding` names: undefined for a body as it is.
 * @returns `unknown` for one that is not read, and for several on top of each other
 */
export function codingOf(contentEncoding: string | undefined, known = coder().known): Coding | 'unknown' | undefined {
  const name = (contentEncoding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return undefined;
  const coding = name === 'x-gzip' ? 'gzip' : name;
  return known.find((each) => each === coding) ?? 'unknown';
}

/** What a peer takes, by its `Accept-Encoding` (RFC 9110, 12.5.3). */
export interface Acceptable {
  /** Undefined where it takes none that is known. */
  readonly coding: Coding | undefined;
  /** Whether it refuses a body as it is. */
  readonly mustEncode: boolean;
}

/** Reads `Accept-Encoding`. @param known - in the order in which they are chosen */
export function acceptable(header: string | undefined, known: readonly Coding[]): Acceptable {
  if (header === undefined) return { coding: undefined, mustEncode: false };
  const weights = new Map<string, number>();
  for (const { value, q } of readQualityList(header)) {
    const name = value === 'x-gzip' ? 'gzip' : value;
    weights.set(name, Math.max(weights.get(name) ?? 0, q));
  }
  const any = weights.get('*');
  const identity = weights.get('identity') ?? (any === 0 ? 0 : undefined);
  let coding: Coding | undefined;
  let best = 0;
  for (const each of known) {
    const q = weights.get(each) ?? any ?? 0;
    // Not named, the body as it is is less wanted than what is named.
    if (q <= best || (identity !== undefined && q < identity)) continue;
    best = q;
    coding = each;
  }
  return { coding, mustEncode: identity === 0 };
}
