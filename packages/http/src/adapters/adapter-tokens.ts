import { type Resolver, type Token, token } from '@fwk/kernel';
import { appParts } from '../client/app-parts.js';
import { type ServiceFetch, serviceFetch } from './service-fetch.js';
import { type InterceptorOptions, type ServiceInterceptor, serviceInterceptor } from './service-interceptor.js';
import type { ServiceOptions } from './service-requests.js';

const tokens = new Map<string, Token<ServiceFetch>>();

/**
 * The key of a service's `fetch`: `inject(fetchOf('inventory'))`. Without options it is the same key each time; with options
 * a new one, to be kept in a constant and shared. The container closes it.
 */
export function fetchOf(service: string, options?: ServiceOptions): Token<ServiceFetch> {
  const known = options ? undefined : tokens.get(service);
  if (known) return known;
  const made = token(`fetch of ${service}`, (resolver: Resolver) =>
    serviceFetch(service, { ...options, ...appParts(resolver) }),
  );
  if (!options) tokens.set(service, made);
  return made;
}

/**
 * The key of an interceptor for logical host names in an application; a new one each time, to be kept in a constant.
 * @example const logicalHosts = interceptorOf({ services: ['inventory'] }); new Agent().compose(inject(logicalHosts));
 */
export function interceptorOf(options: InterceptorOptions): Token<ServiceInterceptor> {
  return token('service interceptor', (resolver: Resolver) =>
    serviceInterceptor({ ...options, ...appParts(resolver) }),
  );
}
