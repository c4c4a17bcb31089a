/**
 * Random ids without `node:crypto`: a trace id need only be unlikely to collide, and is made on every call. Each draw of
 * the environment's randomness gives 32 bits. All digits become a string in one call: joining parts costs half as much again,
 * and the engine must flatten such strings when they are written.
 */
const digits = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** 16 lowercase hex digits, never all zero. */
export function randomSpanId(random: () => number): string {
  const high = bits32(random);
  const low = bits32(random);
  return high === 0 && low === 0 ? '0000000000000001' : hex64(high, low);
}

/** 32 lowercase hex digits, never all zero. */
export function randomTraceId(random: () => number): string {
  // The last 7 bytes must be random for the level 2 flag; all 16 are.
  const last = bits32(random);
  return hex128(bits32(random), bits32(random), bits32(random), last === 0 ? 1 : last);
}

function bits32(random: () => number): number {
  return (random() * 0x1_0000_0000) >>> 0;
}

function hex64(high: number, low: number): string {
  return String.fromCharCode(
    digit(high, 28),
    digit(high, 24),
    digit(high, 20),
    digit(high, 16),
    digit(high, 12),
    digit(high, 8),
    digit(high, 4),
    digit(high, 0),
    digit(low, 28),
    digit(low, 24),
    digit(low, 20),
    digit(low, 16),
    digit(low, 12),
    digit(low, 8),
    digit(low, 4),
    digit(low, 0),
  );
}

function hex128(first: number, second: number, third: number, last: number): string {
  return String.fromCharCode(
    digit(first, 28),
    digit(first, 24),
    digit(first, 20),
    digit(first, 16),
    digit(first, 12),
    digit(first, 8),
    digit(first, 4),
    digit(first, 0),
    digit(second, 28),
    digit(second, 24),
    digit(second, 20),
    digit(second, 16),
    digit(second, 12),
    digit(second, 8),
    digit(second, 4),
    digit(second, 0),
    digit(third, 28),
    digit(third, 24),
    digit(third, 20),
    digit(third, 16),
    digit(third, 12),
    digit(third, 8),
    digit(third, 4),
    digit(third, 0),
    digit(last, 28),
    digit(last, 24),
    digit(last, 20),
    digit(last, 16),
    digit(last, 12),
    digit(last, 8),
    digit(last, 4),
    digit(last, 0),
  );
}

function digit(bits: number, from: number): number {
  return digits[(bits >>> from) & 15] as number;
}
