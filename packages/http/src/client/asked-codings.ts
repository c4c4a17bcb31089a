import { type CompressionOptions, compressionDefaults, usableCodings } from '../coding/compression-options.js';
import type { WireHeaders } from '../wire/wire-headers.js';

/** What answers may be compressed with, as a header. */
export function askedCodings(compression: Partial<CompressionOptions> | undefined): WireHeaders {
  if (!compression) return {};
  return { 'accept-encoding': usableCodings({ ...compressionDefaults, ...compression }).join(', ') };
}
