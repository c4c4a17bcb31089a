import {
  DuplicateInstanceError,
  type Instance,
  parseInstance,
  type Registry,
  RegistryClosedError,
  RegistryUnavailableError,
} from '@fwk/discovery';
import {
  Catalog,
  Connection,
  type InstanceWriter,
  OwnInstances,
  replaceAll,
  unlistedRegistration,
  WatchBoard,
} from '@fwk/discovery/backend';
import { readingContract, registryContract } from '@fwk/discovery/testing';
import { background, type Env, makeEnv, messageOf } from '@fwk/kernel';
import { describe, test } from 'vitest';

interface Followers {
  rows(instances: readonly Instance[]): void;
  failed(error: unknown): void;
}

/** A source of instances that tells whoever follows it. */
class Table {
  readonly #followers = new Set<Followers>();
  #rows: readonly Instance[] = [];

  follow(follower: Followers): { stop(): void } {
    this.#followers.add(follower);
    follower.rows(this.#rows);
    return { stop: () => void this.#followers.delete(follower) };
  }

  publish(addresses: Readonly<Record<string, readonly string[]>>): void {
    this.#rows = Object.entries(addresses).flatMap(([service, places]) => places.map((place) => rowOf(service, place)));
    for (const follower of this.#followers) follower.rows(this.#rows);
  }

  fail(): void {
    for (const follower of this.#followers) follower.failed(new Error('the table is gone'));
  }
}

function rowOf(service: string, place: string): Instance {
  const [address = '', port] = place.split(':');
  const facts = { service, address, port: Number(port), version: '1.0.0', startedAtMs: 0, status: 'UP' };
  return parseInstance({ id: `${service}-${place}`, ...facts });
}

/** As it stands in docs/registry-backends.md. */
function tableRegistry(table: Table, env: Env): Registry {
  const catalog = new Catalog();
  const board = new WatchBoard(catalog, false);
  const connection = new Connection('table', env);
  const following = table.follow({
    rows(instances: readonly Instance[]) {
      board.markFresh();
      board.publish(replaceAll(catalog, instances, 'table'));
      board.known.set(true);
      connection.answers();
    },
    failed(error: unknown) {
      board.markStale(messageOf(error), env.clock.wallTime());
      connection.lost(messageOf(error));
    },
  });
  return {
    name: 'table',
    connection: connection.live,
    register: async (instance, context = background) => unlistedRegistration(instance, context),
    watch: (service) => board.watch(service),
    services: () => board.services(),
    async close() {
      following.stop();
      connection.closed();
    },
  };
}

describe('a backend that only reads, as in docs/registry-backends.md', () => {
  const place = () => {
    const table = new Table();
    return {
      open: () => tableRegistry(table, makeEnv()),
      publish: (addresses: Readonly<Record<string, readonly string[]>>) => table.publish(addresses),
      fail: () => table.fail(),
    };
  };
  for (const { name, run } of readingContract({ place, follows: true, fails: true })) test(name, run);
});

interface Member {
  opened(writer: InstanceWriter): void;
  rows(instances: readonly Instance[]): void;
  lost(error: unknown): void;
  denied(error: unknown): void;
}

/** A source that instances are written into, each by one member; it can be away, and comes back with nothing. */
class Ledger {
  readonly #members = new Set<Member>();
  readonly #rows = new Map<string, { readonly instance: Instance; readonly member: Member }>();
  #away = false;

  join(member: Member) {
    this.#members.add(member);
    this.#open(member);
    return {
      renew: (ids: readonly string[]) => (this.#away ? [] : ids.filter((id) => !this.#rows.has(id))),
      end: () => void this.#members.delete(member),
    };
  }

  kill(): void {
    this.#away = true;
    for (const member of this.#members) member.lost(new Error('the ledger is gone'));
  }

  restart(): void {
    this.#away = false;
    this.#rows.clear();
    for (const member of this.#members) this.#open(member);
  }

  #open(member: Member): void {
    member.opened({
      register: async (instance) => this.#write(() => this.#put(instance, member)),
      deregister: async (id) => this.#write(() => this.#rows.delete(id)),
    });
    member.rows(this.#list());
  }

  #put(instance: Instance, member: Member): void {
    const held = this.#rows.get(instance.id);
    if (held && held.member !== member) {
      throw new DuplicateInstanceError(instance.id, `port ${held.instance.port}`, `port ${instance.port}`);
    }
    this.#rows.set(instance.id, { instance, member });
  }

  #write(change: () => void): void {
    if (this.#away) throw new RegistryUnavailableError('ledger', 'it is gone');
    change();
    for (const member of this.#members) member.rows(this.#list());
  }

  #list(): readonly Instance[] {
    return [...this.#rows.values()].map(({ instance }) => instance);
  }
}

/** As it stands in docs/registry-backends.md. */
function ledgerRegistry(ledger: Ledger, env: Env): Registry {
  const catalog = new Catalog();
  const board = new WatchBoard(catalog, false);
  const connection = new Connection('ledger', env);
  const own = new OwnInstances(env);
  let closed = false;
  const session = ledger.join({
    opened(writer: InstanceWriter) {
      board.markFresh();
      connection.answers();
      own.joined(writer);
    },
    rows(instances: readonly Instance[]) {
      board.publish(replaceAll(catalog, instances, 'ledger'));
      board.known.set(true);
    },
    lost(error: unknown) {
      own.lost();
      board.markStale(messageOf(error), env.clock.wallTime());
      connection.lost(messageOf(error));
    },
    denied: (error: unknown) => own.refuse(error),
  });
  const renew = () => {
    own.repair(session.renew(own.ids));
    timer = env.clock.setTimer(renew, 1000, true);
  };
  let timer = env.clock.setTimer(renew, 1000, true);
  return {
    name: 'ledger',
    connection: connection.live,
    async register(instance, context = background) {
      if (closed) throw new RegistryClosedError('ledger');
      return own.register(instance, context);
    },
    watch: (service) => board.watch(service),
    services: () => board.services(),
    async close() {
      closed = true;
      await own.leaveAll(new RegistryClosedError('ledger'));
      env.clock.clearTimer(timer);
      session.end();
      connection.closed();
    },
  };
}

describe('a backend that registers, as in docs/registry-backends.md', () => {
  const place = () => {
    const ledger = new Ledger();
    return {
      open: () => ledgerRegistry(ledger, makeEnv()),
      lose: async () => ledger.kill(),
      recover: async () => ledger.restart(),
    };
  };
  for (const { name, run } of registryContract({ place, loses: true })) test(name, run);
});
