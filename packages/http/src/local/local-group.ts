/**
 * The services of one process that call each other without a connection. Who makes a group owns it and hands it to the
 * applications that belong to it. There is none by itself, so that two programs within one process, or the tests of one, meet
 * only where somebody wants them to. State: the servers of each service that take calls.
 */
import { type Instance, parseInstance } from '@fwk/discovery';
import { type Component, type Live, type LiveSource, liveValue, OptionsError, type Token, token } from '@fwk/kernel';
import { LocalEndpoint } from './local-endpoint.js';
import type { LocalServing } from './local-server.js';
import { Turns } from './turns.js';

/** What routing and the management of callers are to know of a server in a group; all of it may be left out. */
export interface LocalFacts
  extends Partial<Pick<Instance, 'id' | 'service' | 'version' | 'zone' | 'weight' | 'tags' | 'metadata' | 'owner'>> {}

/** See the head of this file; made by {@link localGroup}. */
export interface LocalGroup {
  /** Names of the services that take calls here now. */
  readonly services: readonly string[];
  /**
   * Lets clients of the group call a server that has started, without a connection. It leaves the group by itself when it stops
   * accepting. Applications do this by themselves: see {@link inProcess}.
   * @param server - made by `createServer` of the same copy of this package.
   * @param facts - of its instance. @defaultValue the name of each contract that it serves as its service, version 0.0.0
   * @returns takes it out of the group
   * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for a server that has not started, or that asks its callers for
   * certificates, and where the id is taken; InstanceInvalidError `FWK_DISCOVERY_INSTANCE_INVALID` for facts that no instance has
   */
  add(server: object, facts?: LocalFacts): Disposable;
}

/** The group that an application belongs to; provided by {@link inProcess}. */
export const localGroupToken: Token<LocalGroup> = token('group of services in this process');

/** Makes a group without services. */
export function localGroup(): LocalGroup {
  return new Group();
}

/**
 * Makes an application a member of a group: its server takes calls of the group without a connection as soon as it is ready, and
 * its clients call what runs in the group that way. List it before `http()`.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example createApp({ ..., use: [inProcess(shop), discovery(), http({ serve: [InventoryService] })] });
 */
export function inProcess(group: LocalGroup): Component {
  servicesOf(group);
  return { name: 'in-process', provide: (provision) => provision.value(localGroupToken, group) };
}

/**
 * The servers of a service in a group, as they change.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for what is no group of this copy of the package
 */
export function membersOf(group: LocalGroup, service: string): Live<readonly LocalEndpoint[]> {
  return servicesOf(group).of(service);
}

function servicesOf(group: LocalGroup): Group {
  if (group instanceof Group) return group;
  throw new OptionsError('in-process', [
    'the group must be one that localGroup() of the same copy of @fwk/http has made',
  ]);
}

/** How servers are called within the process. */
const locals = new WeakMap<object, LocalServed>();

/** A server with what is known of it. */
interface LocalServed {
  readonly server: LocalServing;
  /** Names of its contracts. */
  readonly contracts: readonly string[];
  /** Those of the instance, `name@version`. */
  readonly versions: readonly string[];
}

/** How a server is called within the process; undefined where it is not. */
export function locallyServed(server: object): LocalServing | undefined {
  return locals.get(server)?.server;
}

/** Says how a server is called within the process. */
export function serveLocally(server: object, served: LocalServed): void {
  locals.set(server, served);
}

/** Instances need a port, and these have none. */
const somePort = 1;

class Group implements LocalGroup {
  readonly #services = new Map<string, LiveSource<readonly LocalEndpoint[]>>();
  readonly #turns = new Turns();
  #added = 0;

  get services(): readonly string[] {
    return [...this.#services].filter(([, { value }]) => value.length > 0).map(([name]) => name);
  }

  of(service: string): LiveSource<readonly LocalEndpoint[]> {
    const known = this.#services.get(service);
    if (known) return known;
    const made = liveValue<readonly LocalEndpoint[]>([], { name: `${service} in this process` });
    this.#services.set(service, made);
    return made;
  }

  add(given: object, facts: LocalFacts = {}): Disposable {
    const served = locals.get(given);
    if (!served) {
      throw refused(
        'the server must be made by createServer() of the same copy, and must not ask callers for certificates',
      );
    }
    const { server, contracts, versions } = served;
    if (!server.open) throw refused('the server must have been started, and must not have been stopped');
    const id = facts.id ?? `in-process-${++this.#added}`;
    const names = facts.service === undefined ? [...new Set(contracts)] : [facts.service];
    const taken = names.find((name) => this.of(name).value.some((other) => other.id === id));
    if (taken !== undefined) throw refused(`an instance ${JSON.stringify(id)} of ${taken} is in the group already`);
    const endpoints = names.map((service) => {
      const said = { version: '0.0.0', ...facts, id, service, contracts: versions };
      const place = { address: 'local', port: somePort, startedAtMs: 0, status: 'UP' };
      const instance = Object.freeze({ ...parseInstance({ ...said, ...place }), port: 0 });
      return new LocalEndpoint(instance, server, this.#turns);
    });
    for (const each of endpoints) this.#set(each, (list) => [...list, each]);
    const leave = () => {
      for (const each of endpoints) this.#set(each, (list) => list.filter((other) => other !== each));
    };
    server.onLeave(leave);
    return { [Symbol.dispose]: leave };
  }

  #set({ instance }: LocalEndpoint, change: (list: readonly LocalEndpoint[]) => readonly LocalEndpoint[]): void {
    const list = this.of(instance.service);
    list.set(Object.freeze(change(list.value)));
  }
}

function refused(problem: string): OptionsError {
  return new OptionsError('in-process', [problem]);
}
