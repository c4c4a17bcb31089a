/**
 * Keeps a limit from climbing on a baseline that climbs with it. In a saturated callee each place more makes every call
 * slower and answers no more of them; strategies that compare times with remembered times slowly learn the slowness as
 * normal. So a rise is followed only as far as more in flight has lately meant more answered (after Uber's Cinnamon, which
 * asks for a positive correlation), by the elasticity over the last fourteen windows:
 *
 *     e    = cov(inFlight, throughput) / var(inFlight) · mean(inFlight) / mean(throughput)
 *     push = clamp(2.5 · (e − 0.5), −1, 1)
 *
 * e is 1 while every place more answers its share more, and 0 in a saturated callee, however noisy the throughput: a
 * correlation would be 1 and a number near 0 whose spread depends on the noise. A negative push turns the rise into a fall:
 * merely holding the limit would end the variation that e is measured by, and it would climb again.
 */
const WINDOWS = 14;
const LEAST_WINDOWS = 6;
/** In-flight must vary by this share of its mean before anything can be said. */
const LEAST_VARIATION = 0.01;

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

  /**
   * How far to follow a rise: 1 all the way, 0 not at all, −1 as far down. 1 also while nothing is known, for want of
   * windows or because in-flight stands still: that is how it is found out.
   */
  get push(): number {
    const count = this.#inFlight.length;
    if (count < LEAST_WINDOWS) return 1;
    const meanX = mean(this.#inFlight);
    const meanY = mean(this.#throughput);
    let [covariance, variance] = [0, 0];
    for (let at = 0; at < count; at++) {
      const x = this.#inFlight[at]! - meanX;
      covariance += x * (this.#throughput[at]! - meanY);
      variance += x * x;
    }
    if (Math.sqrt(variance / count) < LEAST_VARIATION * meanX) return 1;
    // Without any answer there is no elasticity, and nothing to push for.
    if (meanY === 0) return -1;
    const elasticity = (covariance / variance) * (meanX / meanY);
    return Math.max(-1, Math.min(1, 2.5 * (elasticity - 0.5)));
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
