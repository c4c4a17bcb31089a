import { type Instance, parseInstance, type Registry } from '@fwk/discovery';
import { Catalog, Connection, replaceAll, unknownToAll, WatchBoard } from '@fwk/discovery/backend';
import { readingContract } from '@fwk/discovery/testing';
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
    register: async (instance, context = background) => unknownToAll(instance, context),
    watch: (service) => board.watch(service),
    services: () => board.services(),
    async close() {
      following.stop();
      connection.closed();
    },
  };
}

describe('the backend of docs/registry-backends.md', () => {
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
