/** What an application knows of the services it calls: one watched membership a service, opened when first asked for. */
import {
  background,
  type CallContext,
  cancellable,
  defaultEnv,
  type Env,
  type Live,
  liveValue,
  type Token,
  token,
} from '@fwk/kernel';
import type { Instance } from '../instance.js';
import type { Registry, Watch } from '../registry.js';
import type { Endpoint } from './endpoint.js';
import { firstList } from './first-list.js';
import type { LastKnown } from './last-known.js';
import { Membership } from './membership.js';
import { type MembershipChange, membershipChanges } from './membership-change.js';
import { type EndpointMonitor, endpointMonitor, monitorBy } from './monitor.js';
import { suspectBy } from './suspect.js';

/** The services that this application watches. */
export interface Memberships extends Disposable {
  /** The endpoints of a service, whatever their status; watching starts with the first call. Never emptied by a loss. */
  of(service: string): Live<readonly Endpoint[]>;
  /**
   * Resolves when the first list of the service is known, which may be empty or one that was saved. Rejects with the context's
   * reason, and with a NoEndpointError `FWK_DISCOVERY_NO_ENDPOINT` that says since when and why no list is known: once the
   * registry has been lost for a second, and at the latest after half of the time that the context has left, or 5 s.
   */
  settled(service: string, context: CallContext): Promise<void>;
  /**
   * Iterates over the changes of a service's endpoints, beginning with those that are known. Whoever is slow gets several
   * changes as one. The iteration is over when the context is cancelled or the memberships are disposed.
   * @param context - ends the iteration. @defaultValue none
   */
  changes(service: string, context?: CallContext): AsyncIterable<MembershipChange>;
  /** Names of the services watched so far. */
  readonly services: readonly string[];
  /** What balancers over these lists report about each endpoint. */
  readonly monitor: EndpointMonitor;
}

/** The application's memberships; provided by `discovery()`. */
export const membershipsToken: Token<Memberships> = token('memberships');

/**
 * Makes memberships over a registry. Dispose them before the registry is closed; from then on they watch nothing, and lists
 * that are asked for are empty.
 * @param env - clock, events and logger. @defaultValue those of a program that set up none
 * @param lastKnown - lists that were saved, for as long as the registry does not answer.
 */
export function memberships(registry: Registry, env: Env = defaultEnv, lastKnown?: LastKnown): Memberships {
  const watched = new Map<string, Membership>();
  const monitor = endpointMonitor();
  const life = cancellable();
  const watch = (service: string): Membership => {
    if (life.context.cancelled) return new Membership(service, nothing(), env);
    let membership = watched.get(service);
    if (!membership) {
      membership = new Membership(service, registry.watch(service), env, lastKnown);
      monitorBy(membership.endpoints, monitor);
      const { watch } = membership;
      suspectBy(membership.endpoints, ({ instance }) => watch.suspect?.(instance));
      watched.set(service, membership);
    }
    return membership;
  };
  return {
    monitor,
    of: (service) => watch(service).endpoints,
    settled: (service, context) => firstList(watch(service), registry, env, context),
    changes: (service, context = background) =>
      membershipChanges(service, watch(service).endpoints, [life.context, context]),
    get services() {
      return [...watched.keys()];
    },
    [Symbol.dispose]() {
      life.cancel();
      for (const membership of watched.values()) membership[Symbol.dispose]();
      watched.clear();
    },
  };
}

/** What there is to watch once memberships are disposed; known, so that nobody waits for it. */
function nothing(): Watch {
  return { instances: liveValue<readonly Instance[]>([]), known: liveValue(true), [Symbol.dispose]() {} };
}
