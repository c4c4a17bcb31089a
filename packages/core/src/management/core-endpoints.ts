import type { ManagementEndpoint } from '@fwk/kernel';
import type { Health } from '../health/health.js';
import { healthJson, healthJsonType } from '../health/health-json.js';
import { probeStatus } from '../health/status.js';
import type { LoggerControl } from '../logging/logger.js';
import type { Metrics } from '../metrics/meter.js';
import { readQualityList } from '../metrics/quality-list.js';
import { type InfoSources, infoEndpoint } from './info-endpoint.js';
import { loggerEndpoints } from './logger-endpoints.js';
import { ManagementReply } from './reply.js';

/** What the endpoints of every application read. */
export interface CoreSources extends InfoSources {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly logger: LoggerControl;
}

/** `health`, `info`, `loggers` and `metrics`; `events` belongs to the server, since it is a stream. */
export function coreEndpoints(sources: CoreSources): readonly ManagementEndpoint[] {
  const { app, clock, health, metrics, logger } = sources;
  return [
    {
      path: 'health',
      purpose: 'What all checks found last, and the worst of it; 503 where that is DOWN or OUT_OF_SERVICE.',
      handle({ accept }) {
        const report = health.report();
        const status = probeStatus(report.status);
        if (readQualityList(accept).some(({ value, q }) => value === healthJsonType && q > 0)) {
          return new ManagementReply(status, healthJsonType, JSON.stringify(healthJson(report, app, clock.wallTime())));
        }
        return new ManagementReply(status, 'application/json', JSON.stringify(report));
      },
    },
    infoEndpoint(sources),
    {
      path: 'metrics',
      purpose: 'All metrics as Prometheus scrapes them: text or OpenMetrics, as `Accept` says.',
      async handle({ accept }) {
        const { contentType, body } = await metrics.expose(accept);
        return new ManagementReply(200, contentType, body);
      },
    },
    ...loggerEndpoints(logger),
  ];
}
