export { type BalancerContract, type BalancerContractCase, balancerContract } from './testing/balancer-contract.js';
export { anInstance } from './testing/instances.js';
export { type RegistryContract, type RegistryContractCase, registryContract } from './testing/registry-contract.js';
