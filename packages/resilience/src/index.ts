export { BreakerOpenError, type BreakerRefusal } from './breaker/breaker-open-error.js';
export { type BreakerOptions, breakerDefaults } from './breaker/breaker-options.js';
export type {
  BreakerHandle,
  BreakerSnapshot,
  BreakerState,
  BreakerTotals,
  ManualState,
  OpeningRecord,
  OpeningRule,
} from './breaker/breaker-state.js';
export { type CircuitBreakerLayer, circuitBreaker } from './breaker/circuit-breaker.js';
export type { OpossumEngine, OpossumStats, OpossumStatus } from './breaker/opossum.js';
export { type BulkheadOptions, bulkhead, bulkheadDefaults } from './bulkhead/bulkhead.js';
export { BulkheadFullError } from './bulkhead/bulkhead-full-error.js';
export { type AttemptTimeoutOptions, attemptTimeout, attemptTimeoutDefaults } from './deadline/attempt-timeout.js';
export { type DeadlineOptions, deadline, deadlineDefaults } from './deadline/deadline.js';
export { TimeoutError } from './deadline/timeout-error.js';
export { resilienceErrors } from './errors.js';
export { type ResilienceEvent, resilienceEvents } from './events.js';
export type { FunctionLayer } from './layer/function-layer.js';
export type { AnyFunction, Wrapped } from './layer/function-service.js';
export { retry } from './retry/retry.js';
export { type RetryBudget, type RetryBudgetOptions, retryBudget, retryBudgetDefaults } from './retry/retry-budget.js';
export { type RetryOptions, retryDefaults } from './retry/retry-options.js';
