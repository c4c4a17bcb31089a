import type { AppInfo, Clock, ManagementEndpoint } from '@fwk/kernel';
import type { Health } from '../health/health.js';
import { healthJson, healthJsonType } from '../health/health-json.js';
import { probeStatus } from '../health/status.js';
import type { LoggerControl, LogLevel } from '../logging/logger.js';
import { logLevels } from '../logging/logger.js';
import type { Metrics } from '../metrics/meter.js';
import { readQualityList } from '../metrics/quality-list.js';
import { ManagementRefusedError } from './problem.js';
import { ManagementReply } from './reply.js';

/** What the endpoints of every application read. */
export interface CoreSources {
  readonly app: AppInfo;
  readonly clock: Clock;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly logger: LoggerControl;
  /** State of the application, such as `ready`. */
  readonly state: () => string;
  /** Names of the components, in their order. */
  readonly components: readonly string[];
}

/** `health`, `info`, `loggers` and `metrics`; `events` belongs to the server, since it is a stream. */
export function coreEndpoints(sources: CoreSources): readonly ManagementEndpoint[] {
  const { app, clock, health, metrics, logger } = sources;
  const startedAtMs = clock.wallTime();
  return [
    {
      path: 'health',
      handle({ accept }) {
        const report = health.report();
        const status = probeStatus(report.status);
        if (readQualityList(accept).some(({ value, q }) => value === healthJsonType && q > 0)) {
          return new ManagementReply(status, healthJsonType, JSON.stringify(healthJson(report, app, clock.wallTime())));
        }
        return new ManagementReply(status, 'application/json', JSON.stringify(report));
      },
    },
    {
      path: 'info',
      handle: () => ({
        ...app,
        state: sources.state(),
        components: sources.components,
        startedAt: new Date(startedAtMs).toISOString(),
        uptimeMs: clock.wallTime() - startedAtMs,
        node: process.version,
        pid: process.pid,
      }),
    },
    {
      path: 'metrics',
      async handle({ accept }) {
        const { contentType, body } = await metrics.expose(accept);
        return new ManagementReply(200, contentType, body);
      },
    },
    { path: 'loggers', handle: () => ({ levels: logLevels, loggers: { root: { level: logger.level } } }) },
    {
      path: 'loggers/:name',
      method: 'PUT',
      handle({ parameter, body }) {
        if (parameter !== 'root') throw new ManagementRefusedError(404, 'there is one logger, named "root"');
        const level = typeof body === 'object' && body !== null && 'level' in body ? body.level : undefined;
        if (!logLevels.includes(level as LogLevel)) {
          throw new ManagementRefusedError(400, `the body must be {"level": one of ${logLevels.join(', ')}}`);
        }
        const was = logger.level;
        logger.level = level as LogLevel;
        return { level, was };
      },
    },
  ];
}
