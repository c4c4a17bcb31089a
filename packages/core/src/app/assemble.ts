import {
  type Announcement,
  type AppInfo,
  appInfoToken,
  type CallContext,
  type Class,
  type Component,
  type ComponentContext,
  type ComponentSteps,
  checkOptions,
  type Env,
  type EventBus,
  envToken,
  eventBus,
  type InjectionKey,
  instanceFinderToken,
  type Live,
  makeEnv,
  messageOf,
  namedEnv,
  namedLogger,
  stepsIn,
  type Token,
  token,
} from '@fwk/kernel';
import { type Container, containerToken, type Provider } from '../container/container.js';
import { createContainer } from '../container/create-container.js';
import { coreErrors } from '../core-errors.js';
import { type BuiltInIndicators, builtInIndicators } from '../health/built-in/built-in-indicators.js';
import { createHealth } from '../health/create-health.js';
import { type HealthControl, healthToken } from '../health/health.js';
import { clusterWorker } from '../lifecycle/cluster-worker.js';
import { createDrain, type DrainControl, drainToken } from '../lifecycle/drain.js';
import { StepFailedError } from '../lifecycle/lifecycle-errors.js';
import { createLogger, type LoggerControl, loggerToken } from '../logging/logger.js';
import { type ConfiguredLevels, levelsRule } from '../logging/logger-levels.js';
import { findCommit } from '../management/commit.js';
import { coreEndpoints } from '../management/core-endpoints.js';
import { type ManagementServer, managementServer } from '../management/management-server.js';
import { profileEndpoints } from '../management/profile-endpoints.js';
import { v8Profiler } from '../management/profiler.js';
import { traceEndpoints } from '../management/trace-endpoints.js';
import { createMeter, type Metrics, metricsToken } from '../metrics/meter.js';
import { componentDatastores } from '../topology/component-datastores.js';
import { createTopology, topologyToken } from '../topology/topology.js';
import { topologyEndpoints } from '../topology/topology-endpoints.js';
import { randomSpanId } from '../tracing/trace-ids.js';
import { createUsage, type Usage, usageToken } from '../usage/usage.js';
import { usageEndpoints } from '../usage/usage-endpoints.js';
import type { CheckedAppOptions, LevelsOption, ProviderEntry } from './app-options.js';
import { AppTracing, recentTracesToken } from './app-tracing.js';
import { StartTimes } from './start-report.js';

/** The application's events, to listen to. */
export const eventBusToken: Token<EventBus> = token('event bus');

/** Everything an application consists of, wired but not running. */
export interface Parts {
  readonly info: AppInfo;
  readonly env: Env;
  readonly container: Container;
  readonly health: HealthControl;
  /** The checks of the process itself. */
  readonly builtIn: BuiltInIndicators;
  readonly drain: DrainControl;
  readonly logger: LoggerControl;
  readonly tracing: AppTracing | undefined;
  readonly management: ManagementServer | undefined;
  readonly components: readonly PlacedComponent[];
  /** Classes to build before the application is ready. */
  readonly providers: readonly InjectionKey<unknown>[];
  /** `serving` is what readiness says of the application itself. */
  readonly flags: { serving: boolean };
  /** How long starting takes. */
  readonly times: StartTimes;
  readonly metrics: Metrics;
  readonly usage: Usage;
  /** The process metrics, while they are being read. */
  observed: Disposable | undefined;
}

/** A component in this application. */
export interface PlacedComponent {
  readonly name: string;
  readonly steps: ComponentSteps;
  /** What its steps work with. */
  readonly contextOf: (call: CallContext) => ComponentContext;
}

/** Wires an application out of checked options. Components provide here, so that wrong wiring is found at once. */
export function assemble(options: CheckedAppOptions, state: () => string): Parts {
  const base = makeEnv(options.env);
  const { name, version, owner } = options;
  const instanceId = options.instanceId
    ? ofThisWorker(options.instanceId)
    : `${name}-${process.pid}-${randomSpanId(base.random).slice(0, 8)}`;
  const info: AppInfo = Object.freeze({ name, version, owner, instanceId });

  const bus = eventBus({ clock: base.clock });
  const outside = options.env.events;
  if (outside) bus.on('*', (event) => outside.emit(event.name, event.data));
  const { levels, ...logging } = options.logging;
  const logger = createLogger({
    ...logging,
    bindings: { service: name, instance: instanceId, version },
    clock: base.clock,
  });
  logger.onLevelChange = (change) => {
    bus.emit('logger.level-changed', { ...change });
    logger.info({ change }, `the level of the logger "${change.logger}" is ${change.level}; it was ${change.was}`);
  };
  if (typeof levels !== 'function') followLevels(logger, levels);
  const metrics = isMetrics(options.env.metrics) ? options.env.metrics : createMeter({ clock: base.clock });
  const seen = makeEnv({
    ...options.env,
    events: bus,
    metrics: options.env.metrics ?? metrics,
    logger: options.env.logger ?? logger,
    path: options.env.path ?? name,
  });
  const tracing = options.tracing ? new AppTracing(options.tracing, info, namedEnv(seen, 'tracing')) : undefined;
  const env = makeEnv({ ...seen, tracer: seen.tracer ?? tracing?.recorder });

  const flags = { serving: false };
  const health = createHealth(namedEnv(env, 'health'), (group) =>
    group === 'liveness' || flags.serving ? 'UP' : 'OUT_OF_SERVICE',
  );
  const drain = createDrain(env.clock);
  const times = new StartTimes(env.clock);
  const placed = options.use.map((component) => ({ name: component.name, steps: placedSteps(component, info) }));
  const container = createContainer({
    env,
    stepTimeoutMs: options.stepTimeoutMs,
    onStarted: (name, durationMs) => times.started(name, durationMs),
    onCreated: (instance) => {
      health.addDeclared(instance);
      if (typeof instance !== 'object' || instance === null) return;
      for (const { steps } of placed) steps.built?.(instance);
    },
  });
  for (const [key, provider] of options.overrides.map(entryOf)) container.override(key, provider);
  container.register(envToken, { useValue: env });
  container.register(appInfoToken, { useValue: info });
  container.register(containerToken, { useValue: container });
  container.register(drainToken, { useValue: drain });
  container.register(healthToken, { useValue: health });
  container.register(metricsToken, { useValue: metrics });
  const { flush: _, ...periods } = options.usage;
  const boot = randomSpanId(base.random);
  const usage = createUsage({ service: name, instance: instanceId, boot }, env.metrics, {
    ...periods,
    clock: env.clock,
  });
  container.register(usageToken, { useValue: usage });
  const topology = createTopology(info, env.metrics, () => componentDatastores(placed), { clock: env.clock });
  container.register(topologyToken, { useValue: topology });
  if (tracing) container.register(recentTracesToken, { useValue: tracing.recorder.recent });
  container.register(eventBusToken, { useValue: bus });
  container.register(loggerToken, { useValue: env.logger });
  const providers = [...new Set([...options.providers, ...options.checks.filter(isClass)])];
  for (const [key, provider] of providers.map(entryOf)) container.register(key, provider);
  for (const { name, steps } of placed) provide(name, steps, container, info);

  const announcements: Announcement[] = [];
  const contextsOf = (component: string) => {
    const own = namedEnv(env, component);
    return (call: CallContext): ComponentContext => ({
      app: info,
      env: own,
      call,
      announcements,
      announce: (announcement) => void announcements.push({ management: management?.url, ...announcement }),
      get: (key) => container.get(key),
      find: (key) => container.find(key),
    });
  };
  const endpoints = [
    ...coreEndpoints({
      app: info,
      clock: env.clock,
      health,
      metrics,
      logger,
      state,
      startReport: () => times.report,
      components: placed.map((component) => component.name),
      commit: async () => options.commit ?? findCommit(process.env, process.argv[1]),
      announcements,
    }),
    ...(tracing ? traceEndpoints(tracing.recorder) : []),
    ...profileEndpoints(info, env.clock, v8Profiler(env.clock)),
    ...usageEndpoints(usage),
    ...topologyEndpoints(topology, { clock: env.clock, finder: () => container.find(instanceFinderToken) }),
    ...placed.flatMap(({ steps }) => steps.manage?.() ?? []),
  ];
  const management = options.management
    ? managementServer({
        host: options.management.host,
        port: options.management.port,
        token: options.management.token,
        app: info,
        endpoints,
        events: bus,
        clock: env.clock,
        logger: namedLogger(env.logger, 'management'),
        errors: coreErrors,
      })
    : undefined;
  return {
    info,
    env,
    container,
    health,
    builtIn: builtInIndicators({
      clock: env.clock,
      settings: () => health.settings,
      inFlight: () => drain.active,
    }),
    drain,
    logger,
    tracing,
    management,
    components: placed.map((component) => ({ ...component, contextOf: contextsOf(component.name) })),
    providers: providers.filter(isClass),
    flags,
    times,
    metrics,
    usage,
    observed: undefined,
  };
}

/** Takes levels by name. Of a live value the last valid one stays. @throws OptionsError */
export function followLevels(logger: LoggerControl, levels: LevelsOption): void {
  const checked = checkOptions<{ readonly levels: LevelsOption }>(
    'createApp logging',
    { levels },
    {},
    { levels: levelsRule },
  );
  logger.levels.configure(checked.levels as ConfiguredLevels | Live<ConfiguredLevels>);
}

/** Workers of a cluster are given one id by one configuration, and are instances of their own. */
function ofThisWorker(instanceId: string): string {
  const worker = clusterWorker();
  return worker ? `${instanceId}-w${worker.id}` : instanceId;
}

function placedSteps(component: Component, info: AppInfo): ComponentSteps {
  return unlessItThrows(component.name, 'forApplication', () => stepsIn(info, component));
}

function provide(name: string, steps: ComponentSteps, container: Container, info: AppInfo): void {
  unlessItThrows(name, 'provide', () =>
    steps.provide?.(
      {
        value: (key, value) => container.register(key, { useValue: value }),
        factory: (key, make) => container.register(key, { useFactory: make }),
      },
      info,
    ),
  );
}

/** Runs what a component does while the application is made. @throws StepFailedError */
function unlessItThrows<T>(component: string, step: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new StepFailedError(component, step, messageOf(error), error);
  }
}

function isClass<T>(entry: T): entry is Extract<T, Class<unknown>> {
  return typeof entry === 'function';
}

function entryOf(entry: ProviderEntry): readonly [InjectionKey<unknown>, Provider<unknown>] {
  return typeof entry === 'function' ? [entry, { useClass: entry }] : entry;
}

function isMetrics(meter: object | undefined): meter is Metrics {
  return meter !== undefined && 'collect' in meter && 'expose' in meter;
}
