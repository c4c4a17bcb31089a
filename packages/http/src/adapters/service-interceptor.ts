/**
 * Logical host names for undici: `http://inventory/stock` goes to an instance of the service, whoever sends it. What is sent
 * to other hosts goes on to the dispatcher that it was for.
 */
import { checkOptions, integerIn, OptionsError } from '@fwk/kernel';
import { ClientClosedError } from '../calling/client-errors.js';
import type { ClientParts } from '../client/client-options.js';
import type { Dispatch, DispatchHandler, DispatchOptions } from './dispatch-types.js';
import { modernHandler } from './modern-handler.js';
import { type ServiceOptions, ServiceRequests } from './service-requests.js';

/** Most services that are found by a suffix. Names come from URLs, and each service that is asked for once is watched. */
const MAX_BY_SUFFIX = 256;

/** Options of {@link serviceInterceptor}, and of all its services. */
export interface InterceptorOptions extends ServiceOptions {
  /** Host names that are services, each with options of its own; or a list of them. */
  readonly services?: readonly string[] | Readonly<Record<string, ServiceOptions>>;
  /** Ending of host names that are services: with `.internal` a request to `http://inventory.internal/` goes to `inventory`. */
  readonly suffix?: string;
}

/** For `compose` of any undici from version 6 on. Dispose it when it is no longer needed: it owns connections. */
export type ServiceInterceptor = ((dispatch: Dispatch) => Dispatch) & AsyncDisposable;

/**
 * Makes the interceptor. Only `http:` URLs without a port are logical.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, ClientUnboundError `FWK_HTTP_CLIENT_UNBOUND`
 * @example const agent = new Agent().compose(serviceInterceptor({ services: ['inventory'], memberships }));
 */
export function serviceInterceptor(options: InterceptorOptions & ClientParts): ServiceInterceptor {
  const { services = [], suffix, ...shared } = options;
  const hosts = new LogicalHosts(services, suffix, shared);
  const intercept = (dispatch: Dispatch): Dispatch => {
    return (request, handler) => {
      try {
        const service = hosts.of(request);
        if (!service) return dispatch(request, handler);
        service.send(request, handler);
      } catch (error) {
        failed(handler, error);
      }
      return true;
    };
  };
  return Object.assign(intercept, { [Symbol.asyncDispose]: () => hosts[Symbol.asyncDispose]() });
}

/** The host of a logical URL; undefined for any other. */
export function logicalHostOf({ origin }: DispatchOptions): string | undefined {
  const text = typeof origin === 'string' ? origin : origin?.origin;
  return text?.startsWith('http://') ? /^http:\/\/([a-z0-9.-]{1,253})\/?$/.exec(text)?.[1] : undefined;
}

/** Tells a handler that nothing was sent. */
export function failed(given: DispatchHandler, error: unknown): void {
  const handler = modernHandler(given);
  const controller = { aborted: false, paused: false, reason: null, abort() {}, pause() {}, resume() {} };
  handler.onRequestStart?.(controller, undefined);
  handler.onResponseError?.(controller, error instanceof Error ? error : new Error(String(error)));
}

class LogicalHosts implements AsyncDisposable {
  readonly #byHost = new Map<string, ServiceRequests>();
  readonly #suffix: string | undefined;
  readonly #shared: ServiceOptions & ClientParts;
  #bySuffix = 0;
  #closed = false;

  constructor(
    services: NonNullable<InterceptorOptions['services']>,
    suffix: string | undefined,
    shared: ServiceOptions & ClientParts,
  ) {
    const problems = problemsOf(services, suffix);
    if (problems.length > 0) throw new OptionsError('service interceptor', problems);
    this.#suffix = suffix === undefined ? undefined : `.${suffix.replace(/^\./, '')}`;
    this.#shared = shared;
    try {
      for (const [name, own] of entriesOf(services)) {
        this.#byHost.set(name, new ServiceRequests(name, { ...shared, ...own }));
      }
    } catch (error) {
      // The services made before this one hold resources.
      void this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The service to which a request goes; undefined when its host is none. @throws OptionsError for one too many */
  of(request: DispatchOptions): ServiceRequests | undefined {
    const host = logicalHostOf(request);
    const known = host === undefined ? undefined : this.#byHost.get(host);
    if (known && !this.#closed) return known;
    if (host === undefined || (!known && !this.#isSuffixed(host))) return undefined;
    if (this.#closed) throw new ClientClosedError(host);
    checkOptions(
      'services by suffix',
      { count: this.#bySuffix + 1 },
      { count: 0 },
      { count: integerIn(1, MAX_BY_SUFFIX) },
    );
    const made = new ServiceRequests(host.slice(0, -(this.#suffix as string).length), this.#shared);
    this.#bySuffix++;
    this.#byHost.set(host, made);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#byHost.values()].map((service) => service[Symbol.asyncDispose]()));
  }

  #isSuffixed(host: string): boolean {
    return this.#suffix !== undefined && host.endsWith(this.#suffix) && host.length > this.#suffix.length;
  }
}

function entriesOf(services: NonNullable<InterceptorOptions['services']>): readonly [string, ServiceOptions][] {
  return Array.isArray(services) ? services.map((name: string) => [name, {}]) : Object.entries(services);
}

function problemsOf(services: unknown, suffix: unknown): readonly string[] {
  if (typeof services !== 'object' || services === null) {
    return ['services must be a list of names, or an object with options by name'];
  }
  if (suffix === undefined)
    return Object.keys(services).length > 0 ? [] : ['services must name one, or suffix be given'];
  const sound = typeof suffix === 'string' && /^\.?[a-z0-9](?:[a-z0-9.-]{0,100}[a-z0-9])?$/.test(suffix);
  return sound ? [] : ['suffix must be the ending of host names, such as ".internal"'];
}
