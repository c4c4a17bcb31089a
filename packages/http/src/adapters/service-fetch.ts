/** `fetch` for a service: paths are relative to it, and each request goes to one of its instances. */
import { type CallRoute, checkCallRoute } from '@fwk/discovery';
import { OptionsError } from '@fwk/kernel';
import type { ClientParts } from '../client/client-options.js';
import { loadUndici } from '../client/load-undici.js';
import type { DispatchHandler, DispatchOptions } from './dispatch-types.js';
import { failed, logicalHostOf } from './service-interceptor.js';
import { type ServiceOptions, ServiceRequests } from './service-requests.js';

/** What a request may say beside what `fetch` takes. */
export interface ServiceRequestInit extends RequestInit {
  /** Where this request wants to go, as with the calls of a client. @defaultValue wherever the policy sends it */
  readonly route?: CallRoute;
}

/** As `fetch`; the input is a path of the service (`/stock/lamp`), or a URL with its name as the host. */
export type ServiceFetch = ((input: string | URL | Request, init?: ServiceRequestInit) => Promise<Response>) &
  AsyncDisposable;

/**
 * Makes a `fetch` for a service, by discovery (`memberships`) or at `endpoints`: balanced, with the layers of the policy that
 * bears its name, and with deadline, trace, priority and caller sent along. It is the global `fetch` otherwise: any answer is an
 * answer, whatever its status; redirects are followed; what fails is a TypeError with our error as its `cause`. Dispose it when
 * it is no longer needed: it owns connections.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, ClientUnboundError `FWK_HTTP_CLIENT_UNBOUND`
 * @example const inventory = serviceFetch('inventory', { memberships }); await inventory('/stock/lamp');
 */
export function serviceFetch(service: string, options: ServiceOptions & ClientParts = {}): ServiceFetch {
  const requests = new ServiceRequests(service, options);
  const base = `http://${service}/`;
  const dispatcherFor = (route: CallRoute | undefined) => ({
    dispatch(request: DispatchOptions, handler: DispatchHandler): boolean {
      if (logicalHostOf(request) === service) requests.send(request, handler, route);
      else dispatchElsewhere(request, handler);
      return true;
    },
  });
  const anywhere = dispatcherFor(undefined);
  const fetchService = async (
    input: string | URL | Request,
    { route, ...init }: ServiceRequestInit = {},
  ): Promise<Response> => {
    const target = targetOf(input, base);
    const dispatcher = route === undefined ? anywhere : dispatcherFor(routeOf(route, base));
    // The type of `dispatcher` is that of one undici, and there are several.
    return Reflect.apply(fetch, undefined, [target, { ...init, dispatcher }]);
  };
  requests.showIn(fetchService);
  return Object.assign(fetchService, { [Symbol.asyncDispose]: () => requests[Symbol.asyncDispose]() });
}

/** @throws TypeError for what is no route, as `fetch` does for what is no URL */
function routeOf(route: CallRoute, base: string): CallRoute {
  try {
    return checkCallRoute(`fetch of ${base}`, route);
  } catch (cause) {
    throw new TypeError('fetch failed', { cause });
  }
}

/** @throws TypeError for what is no URL of the service, as `fetch` does for what is no URL */
function targetOf(input: string | URL | Request, base: string): string | Request {
  const isRequest = typeof input === 'object' && 'url' in input;
  const text = isRequest ? input.url : String(input);
  const url = URL.canParse(text, base) ? new URL(text, base) : undefined;
  if (url?.origin !== new URL(base).origin) {
    const why = `must be a path such as "/stock", or begin with ${base}`;
    throw new TypeError('fetch failed', { cause: new OptionsError(`fetch of ${base}`, [`input ${why}`]) });
  }
  return isRequest ? input : url.href;
}

/** A redirect has led to another host. */
function dispatchElsewhere(request: DispatchOptions, handler: DispatchHandler): void {
  loadUndici()
    .then(({ getGlobalDispatcher }) => getGlobalDispatcher().dispatch(request, handler))
    .catch((error: unknown) => failed(handler, error));
}
