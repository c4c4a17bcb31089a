import { createDigest, type LatencyDigest } from '@fwk/kernel';

/** What happened on an edge in a stretch of time. */
export class EdgeWindow {
  calls = 0;
  errors = 0;
  readonly latency: LatencyDigest = createDigest();

  record(ms: number, failed: boolean): void {
    this.calls++;
    if (failed) this.errors++;
    this.latency.record(ms);
  }

  clear(): void {
    this.calls = 0;
    this.errors = 0;
    this.latency.clear();
  }
}
