/** What an application knows of the services it calls: one watched membership a service, opened when first asked for. */
import { type CallContext, type Env, type Live, type Token, token } from '@fwk/kernel';
import type { Registry } from '../registry.js';
import type { Endpoint } from './endpoint.js';
import { Membership } from './membership.js';
import { type EndpointMonitor, endpointMonitor, monitorBy } from './monitor.js';

/** The services that this application watches. */
export interface Memberships extends Disposable {
  /** The endpoints of a service, whatever their status; watching starts with the first call. Never emptied by a loss. */
  of(service: string): Live<readonly Endpoint[]>;
  /**
   * Resolves when the first list of the service is known, which may be empty. Waits as long as the context allows and
   * rejects with its reason.
   */
  settled(service: string, context: CallContext): Promise<void>;
  /** Names of the services watched so far. */
  readonly services: readonly string[];
  /** What balancers over these lists report about each endpoint. */
  readonly monitor: EndpointMonitor;
}

/** The application's memberships; provided by `discovery()`. */
export const membershipsToken: Token<Memberships> = token('memberships');

/** Makes memberships over a registry. Dispose them before the registry is closed. */
export function memberships(registry: Registry, env: Env): Memberships {
  const watched = new Map<string, Membership>();
  const monitor = endpointMonitor();
  const watch = (service: string): Membership => {
    let membership = watched.get(service);
    if (!membership) {
      membership = new Membership(service, registry.watch(service), env);
      monitorBy(membership.endpoints, monitor);
      watched.set(service, membership);
    }
    return membership;
  };
  return {
    monitor,
    of: (service) => watch(service).endpoints,
    settled: (service, context) => known(watch(service).watch.known, context),
    get services() {
      return [...watched.keys()];
    },
    [Symbol.dispose]() {
      for (const membership of watched.values()) membership[Symbol.dispose]();
      watched.clear();
    },
  };
}

function known(first: Live<boolean>, context: CallContext): Promise<void> {
  if (context.cancelled) return Promise.reject(context.reason);
  if (first.value) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const subscription = first.subscribe(() => {
      subscription[Symbol.dispose]();
      cancelled[Symbol.dispose]();
      resolve();
    });
    const cancelled = context.onCancel((reason) => {
      subscription[Symbol.dispose]();
      reject(reason);
    });
  });
}
