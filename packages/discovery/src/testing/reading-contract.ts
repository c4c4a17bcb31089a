/**
 * The promises of registries that only read: a list in the program, a file, the DNS. What they say is decided outside, so
 * the suite is handed the pen. Backends differ in what they can do beyond saying what was there at first, and the suite
 * asks only for what the place offers: following changes (`follows`), and outliving a broken source (`fail`).
 */
import assert from 'node:assert/strict';
import { cancellable, isFwkError } from '@fwk/kernel';
import type { Instance } from '../instance.js';
import { type ContractSetup, promisesOf, type RegistryContractCase, type RegistryPlace } from './contract-bench.js';
import { anInstance } from './instances.js';

/** A place whose list is written outside of registries. */
export interface ReadingPlace extends RegistryPlace {
  /** Makes the place say that exactly these run, by service: `{ inventory: ['127.0.0.1:4001'] }`. Never none of all. */
  publish(addresses: Readonly<Record<string, readonly string[]>>): Promise<void> | void;
  /** Breaks what the list is read from. Only where that is possible. */
  fail?(): Promise<void> | void;
}

/** What the suite needs to know of a backend that only reads. */
export interface ReadingContract extends ContractSetup<ReadingPlace> {
  /** Whether registries that are open see what is published later. */
  readonly follows: boolean;
  /** Whether {@link ReadingPlace.fail} is there. */
  readonly fails: boolean;
}

/**
 * The promises as test cases. The services are `inventory` and `pricing`.
 * @example for (const { name, run } of readingContract({ place, follows: true, fails: true })) test(name, run);
 */
export function readingContract(contract: ReadingContract): readonly RegistryContractCase[] {
  const promise = promisesOf(contract);
  const always = [
    promise('shows what runs, and says that its list is known', async (bench) => {
      await bench.place.publish({ inventory: ['127.0.0.1:4001', '127.0.0.2:4001'], pricing: ['127.0.0.1:4002'] });
      const registry = await bench.open();
      const [inventory, pricing] = [registry.watch('inventory'), registry.watch('pricing')];
      await bench.until(inventory.known, (known) => known, 'the first list to be known');
      await bench.until(pricing.known, (known) => known, 'the other list to be known');
      assert.deepEqual(places(inventory.instances.value), ['127.0.0.1:4001', '127.0.0.2:4001']);
      assert.deepEqual(places(pricing.instances.value), ['127.0.0.1:4002']);
      for (const { service, status } of inventory.instances.value)
        assert.deepEqual([service, status], ['inventory', 'UP']);
      await bench.until(registry.connection, ({ state }) => state === 'connected', 'the connection');
    }),

    promise('lists the services', async (bench) => {
      await bench.place.publish({ pricing: ['127.0.0.1:4002'], inventory: ['127.0.0.1:4001'] });
      const { names } = (await bench.open()).services();
      await bench.until(names, (list) => list.length === 2, 'two names');
      assert.deepEqual(names.value, ['inventory', 'pricing']);
    }),

    promise('takes a registration that nobody sees, and refuses one that is none', async (bench) => {
      await bench.place.publish({ inventory: ['127.0.0.1:4009'] });
      const registry = await bench.open();
      const { instances } = registry.watch('inventory');
      await bench.until(instances, (list) => list.length === 1, 'the list');
      const registration = await registry.register(anInstance());
      await registration.setStatus('DRAINING');
      await registration.update({ colour: 'blue' });
      assert.deepEqual(registration.instance, anInstance({ status: 'DRAINING', metadata: { colour: 'blue' } }));
      assert.deepEqual(places(instances.value), ['127.0.0.1:4009']);
      await registration.deregister();
      await registration.deregister();
      await assert.rejects(registry.register({ ...anInstance(), port: 0 }), (error) =>
        isFwkError(error, 'FWK_DISCOVERY_INSTANCE_INVALID'),
      );
      const { context, cancel } = cancellable();
      const reason = new Error('the caller gave up');
      cancel(reason);
      await assert.rejects(registry.register(anInstance(), context), (error) => error === reason);
    }),

    promise('keeps its lists readable when it is closed; closing it again does nothing', async (bench) => {
      await bench.place.publish({ inventory: ['127.0.0.1:4001'] });
      const registry = await bench.open();
      const { instances } = registry.watch('inventory');
      await bench.until(instances, (list) => list.length === 1, 'the list');
      await registry.close();
      await registry.close();
      assert.deepEqual(places(instances.value), ['127.0.0.1:4001']);
    }),
  ];
  const following = [
    promise('shows what comes and goes, and keeps what stays the same object', async (bench) => {
      await bench.place.publish({ inventory: ['127.0.0.1:4001', '127.0.0.2:4001'] });
      const { instances } = (await bench.open()).watch('inventory');
      await bench.until(instances, (list) => list.length === 2, 'the first list');
      const stays = instances.value.find(({ address }) => address === '127.0.0.2');
      await bench.place.publish({ inventory: ['127.0.0.2:4001', '127.0.0.3:4001'] });
      await bench.until(instances, (list) => list.some(({ address }) => address === '127.0.0.3'), 'the second list');
      assert.deepEqual(places(instances.value), ['127.0.0.2:4001', '127.0.0.3:4001']);
      assert.equal(
        instances.value.find(({ address }) => address === '127.0.0.2'),
        stays,
      );
    }),

    promise('tells nobody who has stopped watching, and goes on for the others', async (bench) => {
      await bench.place.publish({ inventory: ['127.0.0.1:4001'] });
      const registry = await bench.open();
      const [watch, other] = [registry.watch('inventory'), registry.watch('inventory')];
      let told = 0;
      watch.instances.subscribe(() => told++)[Symbol.dispose]();
      watch[Symbol.dispose]();
      watch[Symbol.dispose]();
      await bench.place.publish({ inventory: ['127.0.0.1:4001', '127.0.0.2:4001'] });
      await bench.until(other.instances, (list) => list.length === 2, 'the other watch to go on');
      assert.equal(told, 0);
    }),
  ];
  const failing = [
    promise(
      'keeps the last list while its source is broken, says why, and is fresh once it is whole',
      async (bench) => {
        await bench.place.publish({ inventory: ['127.0.0.1:4001'] });
        const registry = await bench.open();
        const { instances } = registry.watch('inventory');
        await bench.until(instances, (list) => list.length === 1, 'the list');
        await bench.until(registry.connection, ({ state }) => state === 'connected', 'the connection');
        await bench.place.fail?.();
        await bench.until(registry.connection, ({ state }) => state === 'lost', 'the loss');
        assert.ok(registry.connection.value.reason, 'the loss has no reason');
        assert.ok(instances.stale?.reason, 'the list is not marked stale');
        assert.deepEqual(places(instances.value), ['127.0.0.1:4001']);
        await bench.place.publish({ inventory: ['127.0.0.2:4001'] });
        await bench.until(instances, ([first]) => first?.address === '127.0.0.2', 'the next list');
        await bench.until(registry.connection, ({ state }) => state === 'connected', 'the connection to come back');
        await bench.untilFresh(instances);
      },
    ),
  ];
  return [...always, ...(contract.follows ? following : []), ...(contract.fails ? failing : [])];
}

/** Sorted, for no order is promised. */
function places(instances: readonly Instance[]): readonly string[] {
  return instances.map(({ address, port }) => `${address}:${port}`).sort();
}
