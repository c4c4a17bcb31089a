import type { HealthReport, HealthStatus } from '@fwk/kernel';

const worstFirst: readonly HealthStatus[] = ['DOWN', 'OUT_OF_SERVICE', 'DEGRADED', 'UNKNOWN', 'UP'];

/** The worst of several; UP for none. */
export function worstOf(statuses: readonly HealthStatus[]): HealthStatus {
  return worstFirst.find((status) => statuses.includes(status)) ?? 'UP';
}

/** The HTTP status that a probe answers: only DOWN and OUT_OF_SERVICE take an instance out. */
export function probeStatus(status: HealthStatus): 200 | 503 {
  return status === 'DOWN' || status === 'OUT_OF_SERVICE' ? 503 : 200;
}

/** Reads what a check answered, which may be anything at run time. */
export function reportOf(answer: unknown): HealthReport {
  if (answer === undefined || answer === true) return { status: 'UP' };
  if (answer === false) return { status: 'DOWN' };
  const status = typeof answer === 'object' && answer !== null && 'status' in answer ? answer.status : undefined;
  if (worstFirst.includes(status as HealthStatus)) return answer as HealthReport;
  return { status: 'DOWN', details: { error: 'the check answered neither a report nor true or false' } };
}
