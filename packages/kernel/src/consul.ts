// The types name what @types/node declares; TypeScript 7 reads it only when asked to.
/// <reference types="node" preserve="true" />
export {
  type ConsulAgentOptions,
  type ConsulTls,
  consulAgentDefaults,
  type TokenReader,
} from './consul/agent-options.js';
export {
  blockingQuery,
  noLeader,
  type Query,
  type QueryListener,
  type QueryPlace,
} from './consul/blocking-query.js';
export { checkAgentOptions, type OwnOptions, type OwnRules } from './consul/check-agent-options.js';
export { type ConsulAddress, consulAddressOf } from './consul/consul-address.js';
export {
  type AskConsul,
  type ConsulAnswer,
  ConsulClient,
  type ConsulErrors,
  type Question,
  wordsOf,
} from './consul/consul-client.js';
export { Pause } from './consul/pause.js';
export { type TokenSource, tokenSource } from './consul/token-source.js';
