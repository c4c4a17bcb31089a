export {
  type ConformanceCase,
  type ConformanceOptions,
  contractConformance,
  type ErrorExamples,
  type Examples,
} from './testing/contract-conformance.js';
export {
  type IdempotencyStoreContract,
  type IdempotencyStoreContractCase,
  idempotencyStoreContract,
} from './testing/idempotency-store-contract.js';
export { type ServeContractOptions, type ServedContract, serveContract } from './testing/serve-contract.js';
