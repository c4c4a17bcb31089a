export {
  type ConformanceCase,
  type ConformanceOptions,
  contractConformance,
  type ErrorExamples,
  type Examples,
} from './testing/contract-conformance.js';
export { type ExpectCompatibleOptions, expectCompatible, readContract } from './testing/expect-compatible.js';
export type { FakeBody, FakeCall } from './testing/fake-call.js';
export {
  answers,
  breaksConnection,
  delays,
  type FakeReply,
  failsWith,
  hangs,
  refusesConnection,
  type StreamsOptions,
  streams,
} from './testing/fake-reply.js';
export type { FakeScript, FakeStep } from './testing/fake-script.js';
export {
  type FakeClientOptions,
  type FakeListenOptions,
  type FakeService,
  fakeService,
} from './testing/fake-service.js';
export {
  type IdempotencyStoreContract,
  type IdempotencyStoreContractCase,
  idempotencyStoreContract,
} from './testing/idempotency-store-contract.js';
export { type ServeContractOptions, type ServedContract, serveContract } from './testing/serve-contract.js';
