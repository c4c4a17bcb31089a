export * from '@fwk/kernel';
export { type App, type AppState, createApp } from './app/app.js';
export {
  type AppOptions,
  type AppUsageOptions,
  appDefaults,
  DuplicateComponentError,
  type LevelsOption,
  type LoggingOptions,
  loggingDefaults,
  type ManagementOptions,
  managementDefaults,
  type ProviderEntry,
} from './app/app-options.js';
export { recentTracesToken } from './app/app-tracing.js';
export { eventBusToken } from './app/assemble.js';
export { type ShutdownOptions, shutdownDefaults } from './app/shutdown-options.js';
export type { ProviderTime, StartReport } from './app/start-report.js';
export type { StopReport } from './app/stop-report.js';
export { type Container, containerToken, type Provider } from './container/container.js';
export {
  CaptiveDependencyError,
  ContainerDisposedError,
  CycleError,
  DisposeFailedError,
  DuplicateProviderError,
  InjectOutsideError,
  NoScopeError,
  NotRegisteredError,
  ParametersUnknownError,
  UndefinedKeyError,
} from './container/container-errors.js';
export { type ContainerOptions, containerDefaults, createContainer } from './container/create-container.js';
export { Inject, type InjectDecorator, inject } from './container/inject.js';
export { Injectable, type InjectableOptions, type Scope } from './container/injectable.js';
export { loadTsyringe } from './container/tsyringe-bridge.js';
export { coreErrors } from './core-errors.js';
export { coreEvents } from './core-events.js';
export { coreMetrics } from './core-metrics.js';
export { coreTunables } from './core-tunables.js';
export { createHealth } from './health/create-health.js';
export {
  type ComponentHealth,
  DuplicateIndicatorError,
  type Health,
  type HealthControl,
  type HealthSummary,
  healthToken,
  type ProbeAnswer,
} from './health/health.js';
export {
  HealthCheck,
  type HealthCheckDecorator,
  type HealthCheckMethod,
  type HealthCheckOptions,
  type ProbeGroup,
} from './health/health-check.js';
export type { HealthTransition } from './health/health-history.js';
export { healthJson, healthJsonType } from './health/health-json.js';
export {
  type CheckSettings,
  checkDefaults,
  type DiskSettings,
  type EventLoopSettings,
  type HealthOptions,
  type HealthSettings,
  type HealthSource,
  healthDefaults,
  type MemorySettings,
  type OverloadSettings,
  overloadDefaults,
} from './health/health-settings.js';
export { clusterWorker } from './lifecycle/cluster-worker.js';
export { createDrain, type Drain, type DrainControl, drainToken } from './lifecycle/drain.js';
export { type FaultOptions, type FaultPolicy, faultDefaults } from './lifecycle/faults.js';
export {
  StartStoppedError,
  StepFailedError,
  StepTimeoutError,
  StopFailedError,
  WrongStateError,
} from './lifecycle/lifecycle-errors.js';
export {
  onStopSignal,
  processSignals,
  type SignalHost,
  type StopSignal,
  signalExitCodes,
} from './lifecycle/signals.js';
export { runStep, type Step } from './lifecycle/step.js';
export type { StepTime } from './lifecycle/step-times.js';
export { type LogLevel, logLevels, type WrittenLevel } from './logging/log-level.js';
export { createLogger, type LoggerControl, loggerToken } from './logging/logger.js';
export type { ConfiguredLevels, LevelChange, LoggerLevel, LoggerLevels } from './logging/logger-levels.js';
export {
  type LineDestination,
  type LogDestination,
  type LogFormat,
  type LoggerOptions,
  loggerDefaults,
} from './logging/logger-options.js';
export { type LogSampling, logSamplingDefaults } from './logging/repeated-lines.js';
export { ManagementExposedError } from './management/access.js';
export { PortTakenError } from './management/management-server.js';
export { ManagementRefusedError } from './management/problem.js';
export { ManagementReply } from './management/reply.js';
export { DuplicateEndpointError } from './management/routes.js';
export type { Exposed } from './metrics/exposition.js';
export type { Family, Sample } from './metrics/family.js';
export type { ForeignHost, ForeignRegistry } from './metrics/foreign-registry.js';
export { InstrumentConflictError } from './metrics/instrument-conflict-error.js';
export { InstrumentInvalidError } from './metrics/instrument-invalid-error.js';
export { createMeter, type MeterOptions, type Metrics, meterDefaults, metricsToken } from './metrics/meter.js';
export { observeProcess } from './metrics/process-metrics.js';
export type { Exemplar } from './metrics/series.js';
export { type EncodedBody, encodeBody } from './negotiation/content-encoding.js';
export { type QualityEntry, readQualityList } from './negotiation/quality-list.js';
export {
  type GatheredTopology,
  type GatherOptions,
  gatherDefaults,
  gatherTopology,
} from './topology/gather-topology.js';
export { type JoinedEdge, joinTopology, type TopologyMap } from './topology/join-topology.js';
export { type CalleeEdges, createTopology, type Topology, topologyToken } from './topology/topology.js';
export { type TopologyOptions, topologyDefaults } from './topology/topology-options.js';
export type { DatastoreReport, EdgeReport, TopologyReport } from './topology/topology-report.js';
export {
  type Baggage,
  type BaggageEntry,
  baggageKey,
  baggageToSend,
  currentBaggage,
  maxBaggageLength,
  maxBaggageMembers,
  noBaggage,
  readBaggage,
} from './tracing/baggage.js';
export { beginServerSpan, beginSpan, isInOtel, runInSpan, spanAbove } from './tracing/begin-span.js';
export { activeOtelSpan, runInOtel, withoutOtelSpans } from './tracing/otel.js';
export { type TraceExportOptions, traceExportDefaults } from './tracing/otlp/export-options.js';
export {
  maxRecentTraces,
  type RecentSpan,
  type RecentTrace,
  type RecentTraces,
  type TraceFilter,
} from './tracing/recent-traces.js';
export { operationAttribute, peerAttribute } from './tracing/span-data.js';
export {
  childSpan,
  formatTraceparent,
  parseTrace,
  randomFlag,
  sampledFlag,
  startTrace,
  type TraceHeaders,
} from './tracing/trace-context.js';
export { randomSpanId, randomTraceId } from './tracing/trace-ids.js';
export { type RecorderParts, type SpanSink, TraceRecorder } from './tracing/trace-recorder.js';
export { maxTracestateLength, maxTracestateMembers, readTracestate, withTracestate } from './tracing/tracestate.js';
export { tracing } from './tracing/tracing-layer.js';
export {
  type TraceSampling,
  type TraceSamplingOption,
  type TracingOptions,
  traceSamplingDefaults,
  tracingDefaults,
} from './tracing/tracing-options.js';
export type { CostAccount, CostRow } from './usage/cost-account.js';
export type { UsageFlush } from './usage/flush-usage.js';
export {
  createUsage,
  type UnreadUsage,
  type Usage,
  type UsageOwner,
  type UsagePage,
  usageToken,
} from './usage/usage.js';
export type { UsageAccount, UsedCall } from './usage/usage-account.js';
export { type UsageOptions, usageDefaults } from './usage/usage-options.js';
export type { CallerSource, UsagePeriod, UsageRow } from './usage/usage-period.js';
