export { type MemorySource, memorySource } from './testing/memory-source.js';
export {
  type ConfigSourceContract,
  type ConfigSourceContractCase,
  configSourceContract,
  type SourceUnderTest,
} from './testing/source-contract.js';
