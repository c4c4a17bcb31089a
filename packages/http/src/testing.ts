export { type ConformanceCase, contractConformance, type Examples } from './testing/contract-conformance.js';
export { type ServeContractOptions, type ServedContract, serveContract } from './testing/serve-contract.js';
