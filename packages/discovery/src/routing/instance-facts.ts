/** What routing reads of an instance. */
import { instanceWeight } from '../instance.js';
import type { Candidate } from '../pick/balancer.js';

/** Its share of traffic relative to others, as it was announced; 1 where nothing usable was. */
export function weightOf({ endpoint }: Candidate): number {
  return instanceWeight(endpoint.instance);
}

/** Its zone; empty where it says none. */
export function zoneOf({ endpoint }: Candidate): string {
  return endpoint.instance.zone ?? '';
}

/**
 * Its priority, 0 being the first; from `metadata.priority`, a whole number from 0 to 65535. Where that is no such number it
 * counts as 0, as if it said none.
 */
export function priorityOf({ endpoint }: Candidate): number {
  const said = endpoint.instance.metadata?.priority;
  return said !== undefined && isPriority(said) ? Number(said) : 0;
}

/** Whether a text is a priority. */
export function isPriority(said: string): boolean {
  return /^\d{1,5}$/.test(said) && Number(said) <= 65_535;
}

/** Whether it should take calls, though it may be down; one that starts or drains is not missed. */
export function shouldServe({ endpoint }: Candidate): boolean {
  const { status } = endpoint.instance;
  return status === 'UP' || status === 'DOWN' || status === 'OUT_OF_SERVICE';
}
