import { createDigest, type LatencyDigest } from './latency-digest.js';

/** A digest as plain data, for others to merge. */
export interface DigestData {
  readonly count: number;
  readonly sumMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Each latency that stands for others, fastest first, with how many it stands for. */
  readonly buckets: readonly (readonly [ms: number, count: number])[];
}

/** Most buckets that a digest can have, and some; more come from no digest. */
const maxBuckets = 1000;
const longestMs = 3_600_000;

/** The data of a digest. */
export function digestData(digest: LatencyDigest): DigestData {
  const buckets: [number, number][] = [];
  digest.forEachBucket((ms, count) => buckets.push([ms, count]));
  const [minMs = 0, maxMs = 0] = [digest.quantile(0), digest.quantile(1)];
  return { count: digest.count, sumMs: digest.sumMs, minMs, maxMs, buckets };
}

/** The digest that data stand for; an empty one for data that are none. */
export function digestOf(data: DigestData): LatencyDigest {
  const digest = createDigest();
  if (isDigest(data) && data.count > 0) digest.merge({ ...data, ...readersOf(data) });
  return digest;
}

function readersOf({ minMs, maxMs, buckets }: DigestData): Pick<LatencyDigest, 'quantile' | 'forEachBucket'> {
  return {
    quantile: (q) => (q < 1 ? minMs : maxMs),
    forEachBucket(visit) {
      for (const [ms, count] of buckets) visit(ms, count);
    },
  };
}

function isDigest(data: DigestData): boolean {
  if (typeof data !== 'object' || data === null) return false;
  const { count, sumMs, minMs, maxMs, buckets } = data;
  const isLatency = (ms: unknown) => typeof ms === 'number' && ms > 0 && ms <= longestMs;
  const isCount = (value: unknown) => typeof value === 'number' && value >= 0 && Number.isFinite(value);
  if (!isCount(count) || !isCount(sumMs) || !Array.isArray(buckets) || buckets.length > maxBuckets) return false;
  if (count === 0) return true;
  return (
    isLatency(minMs) &&
    isLatency(maxMs) &&
    buckets.every((each) => Array.isArray(each) && isLatency(each[0]) && isCount(each[1]))
  );
}
