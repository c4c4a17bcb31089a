import { type Live, liveValue } from '@fwk/kernel';
import { instanceAt } from '../registries/static-registry.js';
import { type Endpoint, InstanceEndpoint } from './endpoint.js';

/**
 * Endpoints at fixed base URLs, for clients without a registry.
 * @param service - name for messages and ids.
 * @param urls - like `http://127.0.0.1:4001`.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` when one is not an http(s) base URL without a path.
 */
export function staticEndpoints(service: string, urls: readonly string[]): Live<readonly Endpoint[]> {
  const endpoints = urls.map((url) => new InstanceEndpoint(instanceAt(service, url)));
  return liveValue<readonly Endpoint[]>(Object.freeze(endpoints), { name: `endpoints of ${service}` });
}
