export {
  type ConsulCheckTls,
  type ConsulOptions,
  type ConsulTls,
  consulDefaults,
} from './registries/consul/consul-options.js';
export { consulRegistry } from './registries/consul/consul-registry.js';
