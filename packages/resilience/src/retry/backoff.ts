/** Beyond this the bound is far above any cap, and much beyond it 0 · 2^n would be no number. */
const LARGEST_EXPONENT = 40;

/**
 * The pause before an attempt: full jitter, `U(0, min(cap, base · 2^n))` for the n-th pause from 0 (AWS Architecture
 * Blog, "Exponential Backoff and Jitter"). Drawing from the whole range spreads a herd best: half of the range, or a
 * jitter of some percent, keeps its waves.
 */
export function fullJitter(random: () => number, pause: number, baseMs: number, capMs: number): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(pause, LARGEST_EXPONENT));
}
