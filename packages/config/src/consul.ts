export { type ConsulAgentOptions, type ConsulTls, consulAgentDefaults, type TokenReader } from '@fwk/kernel/consul';
export { consulDocumentSource } from './sources/consul/consul-document.js';
export { type ConsulSourceOptions, consulSourceDefaults } from './sources/consul/consul-options.js';
export { consulTreeSource } from './sources/consul/consul-tree.js';
