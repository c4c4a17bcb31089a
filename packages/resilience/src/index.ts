// What users of this package alone need of the kernel: they cannot import it under pnpm.
export {
  background,
  type CallContext,
  type CallNotes,
  CancelledError,
  type Classifier,
  type Clock,
  createDigest,
  currentContext,
  DeadlineExceededError,
  defaultClassifier,
  type Env,
  type EventBus,
  eventBus,
  FwkError,
  type FwkEvent,
  fromSignal,
  idempotentKey,
  isFwkError,
  type LatencyDigest,
  type LatencySnapshot,
  type Layer,
  type Live,
  type LiveSource,
  type Logger,
  liveValue,
  type Meter,
  makeEnv,
  notesKey,
  OptionsError,
  type Outcome,
  operationKey,
  type Priority,
  priorityKey,
  RefusalError,
  runInContext,
  type Service,
  serviceOf,
  stack,
  systemClock,
  type Verdict,
  verdicts,
} from '@fwk/kernel';
export { BreakerOpenError, type BreakerRefusal } from './breaker/breaker-open-error.js';
export { type BreakerOptions, breakerDefaults } from './breaker/breaker-options.js';
export { breakerHandles } from './breaker/breaker-part.js';
export type {
  BreakerHandle,
  BreakerSnapshot,
  BreakerState,
  BreakerStateRecord,
  BreakerTotals,
  ManualState,
  OpeningRecord,
  OpeningRule,
} from './breaker/breaker-state.js';
export { type CircuitBreakerLayer, circuitBreaker } from './breaker/circuit-breaker.js';
export { EngineMethodError } from './breaker/engine-method-error.js';
export type { OpossumEngine, OpossumStats, OpossumStatus } from './breaker/opossum.js';
export { UnknownStateError } from './breaker/unknown-state-error.js';
export { type BulkheadLayer, type BulkheadOptions, bulkhead, bulkheadDefaults } from './bulkhead/bulkhead.js';
export { BulkheadFullError } from './bulkhead/bulkhead-full-error.js';
export type { BulkheadHandle, BulkheadSnapshot } from './bulkhead/bulkhead-handle.js';
export { bulkheadHandles } from './bulkhead/bulkhead-part.js';
export { type CacheLayer, cache } from './cache/cache.js';
export { type CacheHandle, type CacheOptions, type CacheSnapshot, cacheDefaults } from './cache/cache-options.js';
export { type CoalesceOptions, coalesce, coalesceDefaults } from './coalesce/coalesce.js';
export {
  type AttemptTimeoutOptions,
  attemptTimeout,
  attemptTimeoutDefaults,
  type TimeoutMode,
} from './deadline/attempt-timeout.js';
export { type DeadlineOptions, deadline, deadlineDefaults } from './deadline/deadline.js';
export { TimeoutError } from './deadline/timeout-error.js';
export {
  type AsyncMethod,
  Bulkhead,
  Cache,
  CircuitBreaker,
  Coalesce,
  Deadline,
  Fallback,
  Hedge,
  Policy,
  RateLimit,
  type ResilienceDecorator,
  Retry,
  Timeout,
} from './decorators/decorators.js';
export { policyOf } from './decorators/method-policy.js';
export { resilienceErrors } from './errors.js';
export { type ResilienceEvent, resilienceEvents } from './events.js';
export { fallback } from './fallback/fallback.js';
export { FallbackFailedError, type FallbackFailure } from './fallback/fallback-error.js';
export {
  type FailedCall,
  type FallbackEntry,
  type FallbackHandler,
  type FallbackOptions,
  type FallbackValue,
  fallbackDefaults,
  partsOf as fallbackPartsOf,
} from './fallback/fallback-options.js';
export type { FallbackChain } from './fallback/fallback-part.js';
export { faultInjection } from './fault/fault.js';
export { FaultInjectedError } from './fault/fault-injected-error.js';
export { type FaultOptions, faultDefaults } from './fault/fault-options.js';
export { hedge } from './hedge/hedge.js';
export { type HedgeOptions, hedgeDefaults } from './hedge/hedge-options.js';
export type { PolicyReading, ReadingPart } from './hystrix/policy-reading.js';
export type { FunctionLayer } from './layer/function-layer.js';
export type { AnyFunction, Wrapped } from './layer/function-service.js';
export type { HandleKind } from './layer/handle-kind.js';
export { KeyError } from './layer/key-error.js';
export type { PolicyKit } from './layer/policy-part.js';
export type { KeyOf } from './layer/request-key.js';
export { type AdaptiveLimitLayer, adaptiveLimit } from './limit/adaptive-limit.js';
export { type AdaptiveLimitOptions, adaptiveLimitDefaults } from './limit/adaptive-limit-options.js';
export { LimitExceededError, type LimitReason, type LimitRefusal } from './limit/limit-exceeded-error.js';
export type { LimitHandle, LimitSnapshot } from './limit/limit-handle.js';
export type { LimitAlgorithm } from './limit/limit-strategy.js';
export type { LimitPartitions } from './limit/partitions.js';
export { resilienceMetrics } from './metrics.js';
export type { Scope } from './order/placed-part.js';
export { ChangeInvalidError } from './policy/change-invalid-error.js';
export { EndpointNotInUseError } from './policy/endpoint-not-in-use-error.js';
export { httpClassifier } from './policy/http-classifier.js';
export { type KindField, type KindOptions, type KindSettings, kindField } from './policy/kind-field.js';
export type { EffectiveSetting, SettingOrigin } from './policy/merge-options.js';
export { NoBreakerError } from './policy/no-breaker-error.js';
export { policy } from './policy/policy.js';
export type { PolicySource } from './policy/policy-definitions.js';
export { type PolicyKind, type PolicyOperations, type PolicyVariant, quotaUnheard } from './policy/policy-kind.js';
export type { PolicyLayer } from './policy/policy-layer.js';
export { PolicyNotInUseError } from './policy/policy-not-in-use-error.js';
export {
  type ClientPolicyOptions,
  type OperationPolicyOptions,
  type PolicyField,
  type PolicyOptions,
  type PolicySettings,
  policyDefaults,
  policyFields,
  type ServerPolicyOptions,
} from './policy/policy-options.js';
export { type PolicyRegistry, policyRegistry, policyRegistryToken } from './policy/policy-registry.js';
export type {
  PolicyEndpointReport,
  PolicyOperationReport,
  PolicyPlace,
  PolicyRefusal,
  PolicyReport,
  PolicySummary,
  PolicyVitals,
} from './policy/policy-report.js';
export type { PolicyUse, ServerScope } from './policy/policy-use.js';
export { type ResilienceOptions, resilience, resilienceDefaults } from './policy/resilience.js';
export { UnknownPolicyError } from './policy/unknown-policy-error.js';
export { rateLimit } from './rate/rate-limit.js';
export { type RateAlgorithm, type RateLimitOptions, rateLimitDefaults } from './rate/rate-limit-options.js';
export { RateLimitedError, type RateLimitRefusal } from './rate/rate-limited-error.js';
export { type QuotaNews, RateQuota } from './rate/rate-quota.js';
export type { Backoff, FailedAttempt } from './retry/backoff.js';
export { retry } from './retry/retry.js';
export { type RetryBudget, type RetryBudgetOptions, retryBudget, retryBudgetDefaults } from './retry/retry-budget.js';
export { type RetryOptions, retryDefaults } from './retry/retry-options.js';
export { CallCounts } from './statistics/call-counts.js';
export type { IncidentName, OutcomeName, PolicyCounts } from './statistics/policy-counts.js';
export { type PolicyStatistics, type StatisticsSource, sumStatistics } from './statistics/policy-statistics.js';
export { type ThrottleOptions, throttle, throttleDefaults } from './throttle/throttle.js';
export { ThrottledError, type ThrottleRefusal } from './throttle/throttled-error.js';
