export type { ConsulAgentOptions, ConsulTls, TokenReader } from '@fwk/kernel/consul';
export { type ConsulCheckTls, type ConsulOptions, consulDefaults } from './registries/consul/consul-options.js';
export { consulRegistry } from './registries/consul/consul-registry.js';
