/**
 * The frames of a zstd body (RFC 8878, 3.1). A body may have several, one behind the other, and frames of other data between them, which
 * are skipped. Node expands the first frame and passes over the rest, and Node 22 takes a frame that is cut off for a whole one.
 */
const frameMagic = 0xfd2fb528;
const firstSkippable = 0x184d2a50;
const lastSkippable = 0x184d2a5f;
/** Each is expanded by itself, which costs more than its few bytes. */
const maxFrames = 100;
/** Bytes of the id of a dictionary, by its flag. */
const dictionaryBytes: readonly number[] = [0, 1, 2, 4];
/** Bytes of the size of the content, by its flag. */
const sizeBytes: readonly number[] = [0, 2, 4, 8];

/**
 * Splits a body into its frames. What stands in them is not looked at.
 * @returns undefined for a body that is cut off, is something else, or has more than 100 frames
 */
export function zstdFrames(body: Uint8Array): readonly Uint8Array[] | undefined {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const frames: Uint8Array[] = [];
  let at = 0;
  try {
    for (let count = 0; at < body.length; count++) {
      if (count === maxFrames) return undefined;
      const magic = view.getUint32(at, true);
      const isSkipped = magic >= firstSkippable && magic <= lastSkippable;
      if (!isSkipped && magic !== frameMagic) return undefined;
      const end = isSkipped ? at + 8 + view.getUint32(at + 4, true) : endOfFrame(view, at);
      if (end === undefined || end > body.length) return undefined;
      if (!isSkipped) frames.push(body.subarray(at, end));
      at = end;
    }
  } catch (error) {
    // A header reaches beyond the end of the body.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return at === 0 ? undefined : frames;
}

/** @throws RangeError for a header beyond the end of the body */
function endOfFrame(view: DataView, start: number): number | undefined {
  const descriptor = view.getUint8(start + 4);
  const sizeFlag = descriptor >> 6;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  const windowOrSize = isSingleSegment ? Math.max(1, sizeBytes[sizeFlag] ?? 0) : 1 + (sizeBytes[sizeFlag] ?? 0);
  let at = start + 5 + windowOrSize + (dictionaryBytes[descriptor & 3] ?? 0);
  for (let isLast = false; !isLast; ) {
    const header = view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;
    const type = (header >> 1) & 3;
    if (type === 3) return undefined;
    isLast = (header & 1) === 1;
    // A block of type 1 is one byte, repeated.
    at += 3 + (type === 1 ? 1 : header >> 3);
  }
  return hasChecksum ? at + 4 : at;
}
