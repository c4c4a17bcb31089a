export { callerKey } from '@fwk/kernel';
export { fetchOf, interceptorOf } from './adapters/adapter-tokens.js';
export { type ServiceFetch, type ServiceRequestInit, serviceFetch } from './adapters/service-fetch.js';
export {
  type InterceptorOptions,
  type ServiceInterceptor,
  serviceInterceptor,
} from './adapters/service-interceptor.js';
export type { ServiceOptions } from './adapters/service-requests.js';
export {
  AnswerInvalidError,
  CallInvalidError,
  ClientClosedError,
  ClientUnboundError,
  ConnectionError,
  HeadersFailedError,
  HeadersInvalidError,
} from './calling/client-errors.js';
export { CredentialsFailedError } from './calling/credentials-failed-error.js';
export type { RequestSigner, RequestToSign, SignedHeaders } from './calling/request-to-sign.js';
export type { WireChoice } from './calling/wire-choice.js';
export type { AlternativeOptions } from './client/alternatives.js';
export type { ClientBalancer, ClientBalancerSettings } from './client/client-balancer.js';
export { describeClient } from './client/client-core.js';
export type { BoundCredentials, Credentials, CredentialsParts, Grant } from './client/client-credentials.js';
export type { ClientFields } from './client/client-fields.js';
export type { ClientHeaders, HeadersCall, HeadersFunction, HeaderValues } from './client/client-headers.js';
export { clientOf } from './client/client-of.js';
export {
  type ClientLayers,
  type ClientOptions,
  type ClientParts,
  clientDefaults,
  endpointBreakerDefaults,
  type OperationFallbacks,
} from './client/client-options.js';
export type { ClientRouting } from './client/client-routing.js';
export type { ClientTls } from './client/client-tls.js';
export { createClient } from './client/create-client.js';
export { type FailoverOptions, failoverDefaults } from './client/failover-options.js';
export { answer } from './contract/answer.js';
export { type Codec, codec, type Encode } from './contract/codec.js';
export { bytes, type Content, type ContentSchema, text } from './contract/content.js';
export {
  type Contract,
  type ContractSpec,
  contract,
  type OperationPlan,
  type Operations,
} from './contract/contract.js';
export { ContractError } from './contract/contract-error.js';
export type {
  AnswerOf,
  AnyContract,
  Call,
  CallOptions,
  Client,
  ErrorOf,
  FallbackOf,
  Handlers,
  ItemStream,
  Items,
  OperationName,
  RequestHeaders,
  RequestOf,
  ResponseOf,
} from './contract/contract-types.js';
export type { ErrorPlan, ErrorSpec, ErrorSpecs } from './contract/error-spec.js';
export type { ErrorClasses, OperationErrorClass } from './contract/error-types.js';
export { isErrorOf } from './contract/is-error-of.js';
export {
  type ItemFormat,
  type StreamOf,
  type StreamOptions,
  type StreamPlan,
  streamDefaults,
  streamOf,
} from './contract/item-stream.js';
export {
  del,
  get,
  type Method,
  type Operation,
  type OperationSpec,
  patch,
  post,
  put,
  type UntypedSpec,
} from './contract/operation.js';
export type { OperationError, OperationErrorOptions } from './contract/operation-error.js';
export type { PathParameters, PathTemplate } from './contract/path-template.js';
export type { AnswerPlans, ResponsePlan, ResponseSpec, ResponseSpecs } from './contract/response-spec.js';
export { type UploadOptions, upload, uploadDefaults } from './contract/upload.js';
export { httpErrors } from './errors.js';
export { type HttpEvent, httpEvents } from './events.js';
export { type IdempotencyOptions, idempotencyDefaults } from './idempotency/idempotency-options.js';
export type { Claim, ClaimedKey, IdempotencyStore, KeptAnswer, KeyedRequest } from './idempotency/idempotency-store.js';
export { inProcess, type LocalFacts, type LocalGroup, localGroup, localGroupToken } from './local/local-group.js';
export { httpMetrics } from './metrics.js';
export type { ClientProxy } from './proxy/client-proxy.js';
export { ProxyRefusedError } from './proxy/through-proxy.js';
export type { AdvertiseOptions } from './server/advertise.js';
export { type HttpOptions, http } from './server/http.js';
export type { HttpServer } from './server/http-server.js';
export {
  ListenError,
  NotASocketError,
  PortTakenError,
  ServerUsedError,
  SocketTakenError,
} from './server/listen-errors.js';
export { createServer, describeServer } from './server/server.js';
export { type ServerOptions, type ServerSettings, serverDefaults } from './server/server-options.js';
export type { ServerTls } from './server/server-tls.js';
export type { ServedAnswer } from './serving/answer.js';
export { RouteConflictError } from './serving/route-conflict-error.js';
export { NotServedError, type Served, Serves, served } from './serving/served.js';
export type { ServedRequest } from './serving/served-request.js';
export type { ServerLayers } from './serving/served-scope.js';
export { serverLimitDefaults } from './serving/server-policy.js';
export type { ServerPolicyOptions } from './serving/server-policy-options.js';
export { type ShadowCompare, type ShadowOptions, shadowDefaults } from './shadow/shadow-options.js';
export { type Peer, peerKey } from './wire/peer.js';
export { HttpError, type Problem, type ProblemOptions, problem, type WireIssue } from './wire/problem.js';
export { RemoteError } from './wire/remote-error.js';
