// The types name AbortSignal, Disposable and more of what @types/node declares; TypeScript 7 reads it only when asked to.
/// <reference types="node" preserve="true" />
export { bearerCheck, checkToken, tokenLength } from './access/bearer.js';
export { hostNameOf, isLoopback } from './access/loopback.js';
export { type Network, parseNetwork } from './access/network.js';
export { type HeadFault, headFaultOf } from './access/request-head.js';
export { GrowingBytes, growingFrom } from './bytes/growing-bytes.js';
export { buildWith, currentResolver } from './component/building.js';
export {
  type Announcement,
  type AppInfo,
  appInfoToken,
  type Component,
  type ComponentContext,
  type ComponentSteps,
  type Datastore,
  envToken,
  type FoundInstance,
  type HealthAnswer,
  type HealthIndicator,
  type HealthReport,
  type HealthStatus,
  instanceFinderToken,
  type Provision,
  stepsIn,
} from './component/component.js';
export { copiesOf, noteCopy } from './component/copies.js';
export { type InstanceFacts, instanceFactsToken } from './component/instance-facts.js';
export type { ManagementEndpoint, ManagementExample, ManagementRequest } from './component/management-endpoint.js';
export {
  type FeedOptions,
  type FeedReader,
  isManagementFeed,
  type ManagementFeed,
  managementFeed,
  serverSentEvent,
} from './component/management-feed.js';
export { checkNodeVersion, NodeTooOldError, oldestNode } from './component/node-version.js';
export { ownerOf, setOwner } from './component/owner.js';
export { sharedState } from './component/shared-state.js';
export { standInFor } from './component/stand-in.js';
export { type Class, type InjectionKey, type Resolver, type Token, token } from './component/token.js';
export { abandonOnCancel } from './context/abandon.js';
export {
  type ContextScope,
  contextScope,
  currentContext,
  currentScope,
  detached,
  runInContext,
} from './context/ambient.js';
export {
  background,
  type CallContext,
  type Cancellable,
  type ContextChange,
  cancellable,
  cancellationUnder,
  fromSignal,
  tellNotSent,
} from './context/call-context.js';
export { Cancellation, type CancelSource } from './context/cancellation.js';
export { type ContextEntry, type ContextKey, contextKey } from './context/context-key.js';
export {
  attemptKey,
  callerKey,
  idempotentKey,
  lastResortKey,
  operationKey,
  type Priority,
  priorityKey,
} from './context/keys.js';
export { type CallNotes, note, notesKey } from './context/notes.js';
export { type Bound, settleWithin } from './context/settle-within.js';
export { sleep } from './context/sleep.js';
export { isThenable } from './context/thenable.js';
export { addTried, type TriedCallees, tellTried, triedKey, triedUntil } from './context/tried.js';
export { SavedFile, type SavedFileOptions } from './disk/saved-file.js';
export { CancelledError } from './errors/cancelled-error.js';
export { codeOf } from './errors/code-of.js';
export { DeadlineExceededError, type LimitFacts } from './errors/deadline-exceeded-error.js';
export { type ErrorEntry, type ErrorTable, kernelErrors } from './errors/error-table.js';
export {
  doNotRetryMarks,
  type ErrorTraits,
  FwkError,
  type FwkErrorOptions,
  isDoNotRetry,
  isFwkError,
  markDoNotRetry,
  messageOf,
} from './errors/fwk-error.js';
export { warnOfListener } from './errors/listener-error.js';
export { RefusalError, type RefusalErrorOptions } from './errors/refusal-error.js';
export { boundedRetryAfterMs, formatRetryAfter, readRetryAfterMs } from './errors/retry-after.js';
export { type EventBus, type EventBusOptions, eventBus, eventMatcher } from './events/event-bus.js';
export { type EventSink, type FwkEvent, noEvents } from './events/event-sink.js';
export { type KernelEvent, kernelEvents } from './events.js';
export {
  FileRefusedError,
  type RegularFileOptions,
  readRegularFile,
  readRegularFileSync,
} from './files/regular-file.js';
export { type PolicyFlag, type PolicyFlags, policyFlagsToken } from './flags/policy-flags.js';
export { murmur3 } from './hash/murmur3.js';
export { isDangerousKey, KeyRefusedError, refuseDangerousKeys } from './json/dangerous-keys.js';
export { jsonFault, parseJson } from './json/parse-json.js';
export { oneByOne } from './listener/one-by-one.js';
export { UnsentAnswers } from './listener/unsent-answers.js';
export { combine } from './live/derived.js';
export { type FollowerName, followersOf, isObserved, type LiveFollower, noteFollower } from './live/followers.js';
export {
  currentOf,
  isLive,
  type ListenerErrorHandler,
  type Live,
  type LiveListener,
  type Staleness,
} from './live/live.js';
export { type LiveOptions, type LiveSource, liveValue } from './live/live-source.js';
export { kernelMetrics } from './metrics.js';
export {
  type CurrentOptions,
  checkOptions,
  guardOptions,
  judgedTogether,
  OptionsError,
  type TogetherRule,
} from './options/check-options.js';
export { GuardedLive } from './options/guarded-live.js';
export { OptionGroup } from './options/option-group.js';
export { isOwnVariable } from './options/own-variables.js';
export {
  anything,
  callable,
  fixed,
  flag,
  integerIn,
  millisecondsIn,
  numberIn,
  oneOf,
  optional,
  type Rule,
  ratio,
  semanticVersion,
  text,
} from './options/rules.js';
export { showValue } from './options/show-value.js';
export { maxSocketPathBytes, socketPath } from './options/socket-path.js';
export {
  type DetailedProblem,
  type ProblemDocument,
  problemDocument,
  problemType,
  titleOf,
} from './problem/problem-document.js';
export { rawProblem, statusOfParseFailure } from './problem/raw-problem.js';
export {
  type InputOf,
  isSchema,
  issuePath,
  type OutputOf,
  type StandardIssue,
  type StandardResult,
  type StandardSchema,
} from './schema/standard-schema.js';
export { maskText } from './secrets/mask-text.js';
export { type RedactLimits, redact, redactDefaults, redactText } from './secrets/redact.js';
export { isSecretName, mask } from './secrets/secret-name.js';
export {
  type AnyLayer,
  type BuiltService,
  checkService,
  type Disposing,
  disposeAll,
  isDisposing,
  wrapWith,
} from './service/built-stack.js';
export { callSafely } from './service/call-safely.js';
export {
  type Classifier,
  concernsCallee,
  defaultClassifier,
  isOwnDoing,
  type Outcome,
  type Verdict,
  verdicts,
} from './service/classifier.js';
export { defaultEnv, makeEnv, namedEnv } from './service/env.js';
export { judgeError, judgeResult } from './service/judge.js';
export { type AnswerEnd, isLasting, type Lasting, LastingEnd, lastingKey, lasts } from './service/lasting.js';
export { describeLayer, formatStack, type LayerDescription } from './service/layer-description.js';
export { reportRefusals } from './service/report-refusals.js';
export {
  endsWhenCancelled,
  isSelfLimiting,
  type LimitsAsInner,
  markCancellable,
  markSelfLimiting,
} from './service/self-limiting.js';
export type { Env, Layer, Service, Status } from './service/service.js';
export { serviceOf } from './service/service-of.js';
export {
  type Follower,
  follow,
  leadFollower,
  tellAnswer,
  tellFailure,
  thenTold,
  toldBy,
} from './service/settlement.js';
export { type Stack, stack } from './service/stack.js';
export { StackError } from './service/stack-error.js';
export { type DigestData, digestData, digestOf } from './statistics/digest-data.js';
export {
  createDigest,
  type LatencyDigest,
  type LatencySnapshot,
  type MergedDigest,
} from './statistics/latency-digest.js';
export { type LogFields, type Logger, namedLogger, noLogger } from './telemetry/logger.js';
export {
  type Counter,
  durationBuckets,
  type Gauge,
  type Histogram,
  type HistogramSpec,
  type InstrumentSpec,
  type Labels,
  type Meter,
  noMeter,
} from './telemetry/meter.js';
export { type MetricEntry, type MetricTable, metricTable } from './telemetry/metric-table.js';
export {
  type AttributeValue,
  emitInCall,
  type Span,
  type SpanDetails,
  type SpanFailure,
  type SpanKind,
  spanEvent,
  type TraceContext,
  type Tracer,
  traceKey,
} from './telemetry/trace.js';
export { nearestName, unknownName } from './text/nearest-name.js';
export { printable, printableLines } from './text/printable.js';
export {
  type BackoffShape,
  backoffBound,
  type Growth,
  growths,
  jittered,
  stretched,
} from './time/backoff.js';
export type { Clock, Timer } from './time/clock.js';
export { outside } from './time/outside.js';
export { systemClock, systemRandom } from './time/system-clock.js';
export { type Limited, type TimeLimit, TimeLimits } from './time/time-limits.js';
export { type BucketShape, TokenBucket } from './time/token-bucket.js';
export { WallOffset } from './time/wall-offset.js';
export { type FollowedTls, followTls, tlsLookMs } from './tls/follow-tls.js';
export { TlsInvalidError } from './tls/tls-error.js';
export type { CertificateFacts, TlsMaterial } from './tls/tls-material.js';
export { checkTlsSources, isServerName, type TlsSources } from './tls/tls-options.js';
export {
  followTunable,
  type SettingsReader,
  settingsToken,
  type Tunable,
  type TunableTable,
  type TunableUse,
} from './tunable/tunable.js';
export {
  compareVersions,
  parseVersion,
  parseVersionRange,
  type Version,
  type VersionBounds,
  type VersionRange,
} from './version/version-range.js';
