/**
 * Keeps a limit from climbing on a baseline that climbs with it. In a saturated callee each place more makes every call
 * slower and answers no more of them; strategies that compare times with a remembered time slowly learn the slowness as
 * normal. So a limit may rise only if more in flight has lately meant more answered (after Uber's Cinnamon):
 *
 *     r = cov(inFlight, throughput) / (σ(inFlight) · σ(throughput))  over the last 30 windows
 *
 * Without enough windows, or while in-flight hardly varies, nothing is known and the limit may rise: that is how it finds
 * out, and how it tries again some time after it was held back.
 */
const WINDOWS = 30;
const LEAST_WINDOWS = 6;
/** In-flight must vary by this share of its mean before a correlation means anything. */
const LEAST_VARIATION = 0.02;
/** Noise alone correlates by ±0.18 over 30 windows. */
const LEAST_CORRELATION = 0.2;

/** Remembers the last windows. */
export class DriftGuard {
  readonly #inFlight: number[] = [];
  readonly #throughput: number[] = [];

  /**
   * Adds a window.
   * @param inFlight - mean calls in flight.
   * @param throughput - calls answered a second.
   */
  add(inFlight: number, throughput: number): void {
    this.#inFlight.push(inFlight);
    this.#throughput.push(throughput);
    if (this.#inFlight.length <= WINDOWS) return;
    this.#inFlight.shift();
    this.#throughput.shift();
  }

  /** False when more in flight has not meant more answered. */
  get mayRise(): boolean {
    const count = this.#inFlight.length;
    if (count < LEAST_WINDOWS) return true;
    const meanX = mean(this.#inFlight);
    const meanY = mean(this.#throughput);
    let [covariance, varianceX, varianceY] = [0, 0, 0];
    for (let at = 0; at < count; at++) {
      const x = this.#inFlight[at]! - meanX;
      const y = this.#throughput[at]! - meanY;
      covariance += x * y;
      varianceX += x * x;
      varianceY += y * y;
    }
    if (Math.sqrt(varianceX / count) < LEAST_VARIATION * meanX) return true;
    return covariance > LEAST_CORRELATION * Math.sqrt(varianceX * varianceY);
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
