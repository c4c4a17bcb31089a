/** The traces that were kept last, to be looked at where the service runs. */
import { currentOf, type ManagementEndpoint } from '@fwk/kernel';
import type { KeptBecause } from '../tracing/local-trace.js';
import { maxRecentTraces, type TraceFilter } from '../tracing/recent-traces.js';
import type { TraceRecorder } from '../tracing/trace-recorder.js';
import { ManagementRefusedError } from './problem.js';

type Query = Readonly<Record<string, string>>;

const reasons: readonly string[] = ['sampled', 'error', 'slow'] satisfies readonly KeptBecause[];
const known = ['name', 'service', 'operation', 'because', 'failed', 'minDurationMs', 'since', 'limit'] as const;

/**
 * - `GET /manage/traces` lists the traces that were kept last, the latest first, with their spans. The query narrows it: `name` (a part of
 *   the name of any span), `service` (one that was called), `operation` (one that was served or called), `because` (`sampled`,
 *   `error`, `slow`), `failed`, `minDurationMs`, `since` (an ISO time), `limit`.
 * - `GET /manage/traces/:traceId` has the parts of one trace that this process kept.
 */
export function traceEndpoints(recorder: TraceRecorder): readonly ManagementEndpoint[] {
  const { recent } = recorder;
  return [
    {
      path: 'traces',
      purpose:
        'The traces that were kept last: those that were sampled, failed or were slow; `service`, `operation`, `failed`, `minDurationMs` and others narrow it.',
      example: { query: 'operation=orders.place&failed=true&minDurationMs=100' },
      handle({ query }) {
        const { ratio, errors, slowMs } = recorder.sampling;
        return {
          sampling: { ratio: currentOf(ratio), errors: currentOf(errors), slowMs: currentOf(slowMs) },
          openTelemetry: recorder.handedOver,
          traces: recent.find(filterOf(query)),
        };
      },
    },
    {
      path: 'traces/:traceId',
      purpose: 'The parts of one trace that this process kept.',
      example: { parameter: '0af7651916cd43dd8448eb211c80319c' },
      handle({ parameter = '' }) {
        const traces = recent.find({ traceId: parameter, limit: 2 * maxRecentTraces });
        if (traces.length > 0) return { traces };
        throw new ManagementRefusedError(404, 'no part of this trace was kept here, or it is too long ago');
      },
    },
  ];
}

/** @throws ManagementRefusedError 400 */
function filterOf(query: Query): TraceFilter {
  for (const name of Object.keys(query)) {
    if (!known.includes(name as (typeof known)[number]))
      throw refused(`there is no "${name}"; known: ${known.join(', ')}`);
  }
  const { because, failed, since } = query;
  if (because !== undefined && !reasons.includes(because))
    throw refused(`because must be one of ${reasons.join(', ')}`);
  if (failed !== undefined && failed !== 'true' && failed !== 'false') throw refused('failed must be true or false');
  const sinceMs = since === undefined ? undefined : Date.parse(since);
  if (Number.isNaN(sinceMs)) throw refused('since must be a time such as 2026-11-29T10:00:00Z');
  return {
    name: query.name,
    service: query.service,
    operation: query.operation,
    because: because as KeptBecause | undefined,
    failed: failed === undefined ? undefined : failed === 'true',
    minDurationMs: numberOf(query, 'minDurationMs', 0),
    sinceMs,
    limit: numberOf(query, 'limit', 1),
  };
}

function numberOf(query: Query, name: 'minDurationMs' | 'limit', least: number): number | undefined {
  const text = query[name];
  if (text === undefined) return undefined;
  if (!/^\d{1,9}(?:\.\d{1,6})?$/.test(text) || Number(text) < least)
    throw refused(`${name} must be a number of at least ${least}`);
  return Number(text);
}

function refused(problem: string): ManagementRefusedError {
  return new ManagementRefusedError(400, `the query cannot be used: ${problem}`);
}
