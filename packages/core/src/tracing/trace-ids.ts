/**
 * Random ids without `node:crypto`: a trace id need only be unlikely to collide, and is made on every call. Each draw of
 * the environment's randomness gives 32 bits, turned to hex through a table of bytes.
 */
const hexOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** 16 lowercase hex digits, never all zero. */
export function randomSpanId(random: () => number): string {
  const id = hex32(random) + hex32(random);
  return id === '0000000000000000' ? '0000000000000001' : id;
}

/** 32 lowercase hex digits, never all zero. */
export function randomTraceId(random: () => number): string {
  // The last 7 bytes must be random for the level 2 flag; all 16 are.
  return hex32(random) + hex32(random) + randomSpanId(random);
}

function hex32(random: () => number): string {
  const bits = (random() * 0x1_0000_0000) >>> 0;
  return (
    (hexOfByte[bits >>> 24] as string) +
    (hexOfByte[(bits >>> 16) & 255] as string) +
    (hexOfByte[(bits >>> 8) & 255] as string) +
    (hexOfByte[bits & 255] as string)
  );
}
