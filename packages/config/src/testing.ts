export { type MemorySource, memorySource } from './sources/memory.js';
export {
  type ConfigSourceContract,
  type ConfigSourceContractCase,
  configSourceContract,
  type SourceUnderTest,
} from './testing/source-contract.js';
