import type { ManagementEndpoint } from '@fwk/kernel';
import type { Health, HealthSummary } from '../health/health.js';
import { healthJson, healthJsonType } from '../health/health-json.js';
import { historyPage } from '../health/health-rules.js';
import { prefersHealthJson } from '../health/negotiate-health.js';
import { probeStatus } from '../health/status.js';
import type { LoggerControl } from '../logging/logger.js';
import type { Metrics } from '../metrics/meter.js';
import { type InfoSources, infoEndpoint } from './info-endpoint.js';
import { loggerEndpoints } from './logger-endpoints.js';
import { ManagementRefusedError } from './problem.js';
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
  const healthReply = (report: HealthSummary, accept: string | undefined) => {
    const status = probeStatus(report.status);
    if (!prefersHealthJson(accept)) return new ManagementReply(status, 'application/json', JSON.stringify(report));
    return new ManagementReply(status, healthJsonType, JSON.stringify(healthJson(report, app, clock.wallTime())));
  };
  return [
    {
      path: 'health',
      purpose: 'What all checks found last, and the worst of it; 503 where that is DOWN or OUT_OF_SERVICE.',
      handle: ({ accept }) => healthReply(health.report(), accept),
    },
    {
      path: `health/${historyPage}`,
      purpose: 'The last changes of health by component, newest first, each with its cause.',
      handle: () => ({ transitions: health.history }),
    },
    {
      path: 'health/:group',
      purpose:
        'What the checks of one group found last: `liveness`, `readiness`, `startup`, or a group that checks name.',
      example: { parameter: 'readiness' },
      handle({ parameter = '', accept }) {
        const { groups } = health;
        if (groups.includes(parameter)) return healthReply(health.report(parameter), accept);
        throw new ManagementRefusedError(404, `there is no such group of health; known: ${groups.join(', ')}`, {
          known: groups.map((group) => `/manage/health/${group}`),
        });
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
