import { type HealthReport, type HealthStatus, messageOf, type RedactLimits, redact, redactText } from '@fwk/kernel';

const worstFirst: readonly HealthStatus[] = ['DOWN', 'OUT_OF_SERVICE', 'DEGRADED', 'UNKNOWN', 'UP'];

/** What is kept of the details of one report: they come from anywhere, and are shown to operators. */
const detailLimits: RedactLimits = Object.freeze({
  maxDepth: 4,
  maxValues: 200,
  maxTextLength: 500,
  maxTotalLength: 20_000,
});

/** The worst of several; UP for none. */
export function worstOf(statuses: readonly HealthStatus[]): HealthStatus {
  return worstFirst.find((status) => statuses.includes(status)) ?? 'UP';
}

/** The HTTP status that a probe answers: only DOWN and OUT_OF_SERVICE take an instance out. */
export function probeStatus(status: HealthStatus): 200 | 503 {
  return status === 'DOWN' || status === 'OUT_OF_SERVICE' ? 503 : 200;
}

/** What the failure of something counts that the application can do without. */
export function atMostDegraded(status: HealthStatus): HealthStatus {
  return probeStatus(status) === 503 ? 'DEGRADED' : status;
}

/** What a thrown error says of a check. */
export function failedReport(error: unknown): HealthReport {
  return { status: 'DOWN', details: { error: redactText(messageOf(error), detailLimits.maxTextLength) } };
}

/**
 * Reads what a check answered, which may be anything at run time. Details are copied: secrets are masked, and what is too
 * long, too deep or too much is cut off and said so. Never throws.
 */
export function reportOf(answer: unknown): HealthReport {
  try {
    if (answer === undefined || answer === true) return { status: 'UP' };
    if (answer === false) return { status: 'DOWN' };
    const given = typeof answer === 'object' && answer !== null ? answer : {};
    const status: unknown = Reflect.get(given, 'status');
    const known = worstFirst.find((each) => each === status);
    if (!known) return rubbish;
    const details: unknown = Reflect.get(given, 'details');
    return details === undefined || details === null ? { status: known } : { status: known, details: plain(details) };
  } catch {
    return rubbish;
  }
}

const rubbish: HealthReport = Object.freeze({
  status: 'DOWN',
  details: Object.freeze({ error: 'the check answered neither a report nor true or false' }),
});

function plain(details: unknown): Readonly<Record<string, unknown>> {
  const copy = redact(details, '', detailLimits);
  return typeof copy === 'object' && copy !== null && !Array.isArray(copy) ? { ...copy } : { value: copy };
}
