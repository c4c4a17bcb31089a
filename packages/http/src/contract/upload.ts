/** Bodies that are files: bytes that are read by the handler as they arrive, and never held whole. */
import { checkOptions, integerIn, millisecondsIn, type Rule } from '@fwk/kernel';
import { bytes, type ContentSchema } from './content.js';
import { orFalse, type StreamOf, streamDefaults } from './item-stream.js';

/** Options of {@link upload}. */
export interface UploadOptions {
  /** Largest file, 1 to 2^50 bytes. @defaultValue 104857600 */
  readonly maxBytes: number;
  /**
   * Longest time in which nothing arrives while the handler waits for more, 1 to 2^31 − 1 milliseconds, or false.
   * @defaultValue 30000
   */
  readonly idleMs: number | false;
  /** Longest time of a whole upload, 1 to 2^31 − 1 milliseconds, or false for none. @defaultValue false */
  readonly totalMs: number | false;
}

/** Defaults of {@link UploadOptions}. */
export const uploadDefaults = Object.freeze({
  maxBytes: 104_857_600,
  idleMs: 30_000,
  totalMs: false,
}) satisfies UploadOptions;

const longestMs = 2 ** 31 - 1;
const rules: { readonly [Field in keyof UploadOptions]: Rule } = {
  maxBytes: integerIn(1, 2 ** 50),
  idleMs: orFalse(millisecondsIn(1, longestMs)),
  totalMs: orFalse(millisecondsIn(1, longestMs)),
};

/**
 * The body is one file of a media type. Callers give its pieces, handlers read them (`for await (const piece of call.body)`), and
 * what is not read yet waits at the caller.
 * @param type - media type, such as `image/png`. @defaultValue 'application/octet-stream'
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example put('/photos/:id', { params, bodyStream: upload('image/png', { maxBytes: 10_000_000 }) })
 */
export function upload(type?: string, options?: Partial<UploadOptions>): StreamOf<ContentSchema<Uint8Array>> {
  const { maxBytes, idleMs, totalMs } = checkOptions<UploadOptions>('upload', options, uploadDefaults, rules);
  const streamed = { ...streamDefaults, idleMs, totalMs, heartbeatMs: false as const, maxItemBytes: maxBytes };
  return Object.freeze({ kind: 'fwk.stream', schema: bytes(type), options: Object.freeze(streamed) });
}
