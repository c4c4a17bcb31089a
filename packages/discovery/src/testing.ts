export { type BalancerContract, type BalancerContractCase, balancerContract } from './testing/balancer-contract.js';
export type { ContractSetup, RegistryContractCase, RegistryPlace } from './testing/contract-bench.js';
export { anInstance } from './testing/instances.js';
export { type ReadingContract, type ReadingPlace, readingContract } from './testing/reading-contract.js';
export { type RegisteringPlace, type RegistryContract, registryContract } from './testing/registry-contract.js';
