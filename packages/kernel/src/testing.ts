// The types name AbortSignal, Disposable and more of what @types/node declares; TypeScript 7 reads it only when asked to.
/// <reference types="node" preserve="true" />
export { type ComponentBench, type ComponentBenchOptions, componentBench } from './testing/component-bench.js';
export {
  type ComponentContract,
  type ComponentContractCase,
  type ComponentHost,
  componentContract,
} from './testing/component-contract.js';
export { type FakeClock, fakeClock } from './testing/fake-clock.js';
export type { LayerContract } from './testing/layer-bench.js';
export { type LayerContractCase, layerContract } from './testing/layer-contract.js';
export { type LeakGuard, leakGuard } from './testing/leak-guard.js';
export { type RecordedEvents, recordEvents } from './testing/record-events.js';
export { type PendingCall, type ScriptedService, scriptedService } from './testing/scripted-service.js';
export { seededRandom } from './testing/seeded-random.js';
export {
  type TestAuthority,
  type TestCertificate,
  type TestCertificateOptions,
  testAuthority,
} from './testing/test-authority.js';
