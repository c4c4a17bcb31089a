import { type Live, liveValue } from '@fwk/kernel';
import { instanceAt } from '../registries/static-registry.js';
import { type Endpoint, InstanceEndpoint } from './endpoint.js';
import { isSocketUrl, socketEndpoint } from './socket-endpoint.js';

/**
 * Endpoints at fixed base URLs or Unix sockets, for clients without a registry.
 * @param service - name for messages and ids.
 * @param urls - like `http://127.0.0.1:4001`, with a path where contracts are below one, or `unix:/run/inventory.sock`; `mux://127.0.0.1:4001` for a server that speaks only Mux.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` when one is neither an http(s) or mux base URL nor the
 * path of a socket.
 */
export function staticEndpoints(service: string, urls: readonly string[]): Live<readonly Endpoint[]> {
  const endpoints = urls.map((url) =>
    isSocketUrl(url) ? socketEndpoint(service, url) : new InstanceEndpoint(instanceAt(service, url)),
  );
  return liveValue<readonly Endpoint[]>(Object.freeze(endpoints), { name: `endpoints of ${service}` });
}
