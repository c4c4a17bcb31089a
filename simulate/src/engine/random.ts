/** Draws of a simulation: every part has a stream of its own, so that one more draw in a part changes no other. */
import { seededRandom } from '@fwk/kernel/testing';

/** Uniform in [0, 1). */
export type Random = () => number;

/** Makes the stream of one part. The same seed and name always give the same draws. */
export function randomStream(seed: number, name: string): Random {
  // FNV-1a, begun with the seed spread over all bits.
  let hash = Math.imul(seed + 1, 0x9e3779b1) ^ 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  return seededRandom(hash ^ (hash >>> 15));
}

/** Exponentially distributed draws: times between arrivals that know nothing of each other, and memoryless work. */
export function exponential(random: Random, mean: number): () => number {
  // 1 − u is never 0.
  return () => -mean * Math.log(1 - random());
}

/** Mean of a normal distribution with mean and deviation 1 once what is below 0 is cut off: 1 + φ(1)/Φ(1). */
const TRUNCATED_MEAN = 1.287_599_971;

/** Draws of a normal distribution with a deviation as large as its mean, cut off at 0 and brought back to the mean that is given. */
export function truncatedNormal(random: Random, mean: number): () => number {
  return () => {
    for (;;) {
      const radius = Math.sqrt(-2 * Math.log(1 - random()));
      const drawn = 1 + radius * Math.cos(2 * Math.PI * random());
      if (drawn > 0) return (mean * drawn) / TRUNCATED_MEAN;
    }
  };
}

/**
 * Log-normally distributed draws, the usual shape of service times: most near the median, a few much longer.
 * @param sigma - spread of the logarithm; 0.5 puts the 99th percentile at 3.2 times the median.
 */
export function logNormal(random: Random, median: number, sigma: number): () => number {
  return () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * random()));
  };
}
