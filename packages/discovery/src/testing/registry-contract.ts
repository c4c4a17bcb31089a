/**
 * The promises that every registry backend keeps with which instances can be registered, written once; those that only
 * read keep the promises of `reading-contract.ts`. The cases use `node:assert`, so that they run under any
 * test runner, and wait for events of the registry rather than for time; a bound makes them fail instead of hang.
 */
import assert from 'node:assert/strict';
import { cancellable, isFwkError } from '@fwk/kernel';
import {
  type ContractSetup,
  ids,
  promisesOf,
  type RegistryContractCase,
  type RegistryPlace,
} from './contract-bench.js';
import { anInstance } from './instances.js';
import { overridePromises } from './override-promises.js';

/** A place that instances are registered at. */
export interface RegisteringPlace extends RegistryPlace {
  /** Takes the registry itself away, as a crash does. Only where there is one apart from those who use it. */
  lose?(): Promise<void>;
  /** Brings it back, with nothing remembered. */
  recover?(): Promise<void>;
}

/** What the suite needs to know of the backend under test. */
export interface RegistryContract extends ContractSetup<RegisteringPlace> {
  /** Whether {@link RegisteringPlace.lose} and `recover` are there. @defaultValue false */
  readonly loses?: boolean;
  /** Whether the backend has `overrides`. @defaultValue false */
  readonly overrides?: boolean;
  /** Metadata of a valid instance that the backend refuses nevertheless. @defaultValue it takes all that is valid */
  readonly tooMuch?: Readonly<Record<string, string>>;
  /** How long an instance stays without being renewed, in milliseconds. @defaultValue there are no leases */
  readonly leaseMs?: number;
}

/**
 * The promises as test cases.
 * @example for (const { name, run } of registryContract({ place: () => myPlace() })) test(name, run);
 */
export function registryContract(contract: RegistryContract): readonly RegistryContractCase[] {
  const promise = promisesOf(contract);
  const always = [
    promise('shows a registered instance to a watcher that was there before', async (bench) => {
      const [here, there] = [await bench.open(), await bench.open()];
      const { instances } = there.watch('inventory');
      await here.register(anInstance());
      await bench.until(instances, (list) => list.length === 1, 'the instance to appear');
      assert.deepEqual(instances.value[0], anInstance());
    }),

    promise(
      'shows a registered instance to a watcher that comes later, and says that its list is known',
      async (bench) => {
        const [here, there] = [await bench.open(), await bench.open()];
        await here.register(anInstance());
        const watch = there.watch('inventory');
        await bench.until(watch.known, (known) => known, 'the first list to be known');
        assert.deepEqual(watch.instances.value, [anInstance()]);
      },
    ),

    promise('keeps services apart', async (bench) => {
      const registry = await bench.open();
      const [inventory, pricing] = [registry.watch('inventory'), registry.watch('pricing')];
      await registry.register(anInstance());
      await registry.register(anInstance({ id: 'pricing-1', service: 'pricing', port: 4002 }));
      await bench.until(inventory.instances, (list) => list.length === 1, 'inventory');
      await bench.until(pricing.instances, (list) => list.length === 1, 'pricing');
      assert.equal(pricing.instances.value[0]?.id, 'pricing-1');
    }),

    promise('shows changes of status and metadata', async (bench) => {
      const [here, there] = [await bench.open(), await bench.open()];
      const { instances } = there.watch('inventory');
      const registration = await here.register(anInstance());
      await registration.setStatus('DRAINING');
      await registration.update({ colour: 'blue' });
      await bench.until(instances, ([first]) => first?.metadata?.colour === 'blue', 'the metadata');
      assert.equal(instances.value[0]?.status, 'DRAINING');
      assert.equal(instances.value[0]?.lastChange?.actor, 'instance');
      assert.deepEqual(registration.instance, instances.value[0]);
    }),

    promise('refuses a change that it cannot take, stays as it was, and takes the next one', async (bench) => {
      const [here, there] = [await bench.open(), await bench.open()];
      const { instances } = there.watch('inventory');
      const registration = await here.register(anInstance({ metadata: { colour: 'blue' } }));
      await assert.rejects(registration.update(contract.tooMuch ?? { big: 'x'.repeat(9000) }), (error) =>
        isFwkError(error, 'FWK_DISCOVERY_INSTANCE_INVALID'),
      );
      assert.deepEqual(registration.instance, anInstance({ metadata: { colour: 'blue' } }));
      await registration.setStatus('DRAINING');
      await bench.until(instances, ([first]) => first?.status === 'DRAINING', 'the status');
      assert.deepEqual(instances.value[0]?.metadata, { colour: 'blue' });
    }),

    promise('removes a deregistered instance; doing it again does nothing', async (bench) => {
      const [here, there] = [await bench.open(), await bench.open()];
      const { instances } = there.watch('inventory');
      const registration = await here.register(anInstance());
      await bench.until(instances, (list) => list.length === 1, 'the instance to appear');
      await registration.deregister();
      await bench.until(instances, (list) => list.length === 0, 'the instance to go');
      await registration.deregister();
      await registration.setStatus('UP');
      await here.register(anInstance({ id: 'inventory-2' }));
      await bench.until(instances, (list) => list.length > 0, 'another instance');
      assert.deepEqual(ids(instances.value), ['inventory-2']);
    }),

    promise('takes an id again once it was deregistered', async (bench) => {
      const registry = await bench.open();
      await (await registry.register(anInstance())).deregister();
      await registry.register(anInstance({ port: 4009 }));
      const { instances } = registry.watch('inventory');
      await bench.until(instances, ([first]) => first?.port === 4009, 'the second registration');
    }),

    promise('gives an id to the next instance also while the one before it is being taken out', async (bench) => {
      const [here, there] = [await bench.open(), await bench.open()];
      const { instances } = there.watch('inventory');
      const leaving = (await here.register(anInstance())).deregister();
      await here.register(anInstance({ port: 4009 }));
      await leaving;
      await here.register(anInstance({ id: 'inventory-2', port: 4002 }));
      await bench.until(instances, (list) => list.length === 2, 'both instances');
      assert.deepEqual(instances.value.map(({ port }) => port).sort(), [4002, 4009]);
    }),

    promise('refuses a second live instance of the same id, and names both', async (bench) => {
      const [here, there] = [await bench.open(), await bench.open()];
      await here.register(anInstance());
      const error = await there.register(anInstance({ port: 4009 })).then(
        () => assert.fail('the second registration was taken'),
        (refused: unknown) => refused,
      );
      assert.ok(isFwkError(error, 'FWK_DISCOVERY_DUPLICATE_INSTANCE'), `not a typed refusal: ${String(error)}`);
      assert.match(error.message, /4001.*4009/);
      const { instances } = there.watch('inventory');
      await bench.until(instances, (list) => list.length === 1, 'the first to stay');
      assert.equal(instances.value[0]?.port, 4001);
    }),

    promise('refuses an instance that is not one, naming every field', async (bench) => {
      const registry = await bench.open();
      const broken = { ...anInstance(), port: 0, service: '', metadata: { big: 'x'.repeat(9000) } };
      const error = await registry.register(broken).then(
        () => assert.fail('it was taken'),
        (refused: unknown) => refused,
      );
      assert.ok(isFwkError(error, 'FWK_DISCOVERY_INSTANCE_INVALID'), `not a typed refusal: ${String(error)}`);
      for (const field of ['port', 'service', 'metadata']) assert.match(error.message, new RegExp(field));
    }),

    promise('lists the services that have instances', async (bench) => {
      const [here, there] = [await bench.open(), await bench.open()];
      const { names } = there.services();
      const registration = await here.register(anInstance({ id: 'pricing-1', service: 'pricing' }));
      await here.register(anInstance());
      await bench.until(names, (list) => list.length === 2, 'two names');
      assert.deepEqual(names.value, ['inventory', 'pricing']);
      await registration.deregister();
      await bench.until(names, (list) => list.length === 1, 'one name');
    }),

    promise('gives back the caller’s own reason when a registration is cancelled', async (bench) => {
      const registry = await bench.open();
      const reason = new Error('the caller gave up');
      const { context, cancel } = cancellable();
      cancel(reason);
      await assert.rejects(registry.register(anInstance(), context), (error) => error === reason);
    }),

    promise('leaves nothing behind of a registration that is cancelled under way', async (bench) => {
      const [here, there] = [await bench.open(), await bench.open()];
      const { instances } = there.watch('inventory');
      const reason = new Error('the caller gave up');
      for (let afterMs = 0; afterMs < 5; afterMs++) {
        const { context, cancel } = cancellable();
        const registering = here.register(anInstance(), context);
        registering.catch(() => {});
        await bench.pause(afterMs);
        cancel(reason);
        await registering.then(
          (registration) => registration.deregister(),
          (error: unknown) => assert.equal(error, reason),
        );
      }
      await here.register(anInstance({ id: 'inventory-2', port: 4002 }));
      await bench.until(instances, (list) => ids(list).join() === 'inventory-2', 'the other one to be alone');
    }),

    promise(
      'takes its registrations out when it is closed, keeps lists readable, and refuses further ones',
      async (bench) => {
        const [here, there] = [await bench.open(), await bench.open()];
        const mine = here.watch('inventory').instances;
        const theirs = there.watch('inventory').instances;
        await here.register(anInstance());
        await there.register(anInstance({ id: 'inventory-2', port: 4002 }));
        await bench.until(mine, (list) => list.length === 2, 'both here');
        await bench.until(theirs, (list) => list.length === 2, 'both there');
        await here.close();
        await here.close();
        await bench.until(theirs, (list) => list.length === 1, 'the closed one to go');
        assert.deepEqual(ids(theirs.value), ['inventory-2']);
        assert.ok(mine.value.length >= 1, 'the last list was thrown away');
        await assert.rejects(here.register(anInstance({ id: 'inventory-3' })), (error) =>
          isFwkError(error, 'FWK_DISCOVERY_REGISTRY_CLOSED'),
        );
      },
    ),

    promise('tells nobody who has stopped watching', async (bench) => {
      const registry = await bench.open();
      const watch = registry.watch('inventory');
      const other = registry.watch('inventory');
      let told = 0;
      watch.instances.subscribe(() => told++)[Symbol.dispose]();
      watch[Symbol.dispose]();
      watch[Symbol.dispose]();
      await registry.register(anInstance());
      await bench.until(other.instances, (list) => list.length === 1, 'the other watch to go on');
      assert.equal(told, 0);
    }),
  ];
  const leasing = [
    promise('keeps an instance registered for longer than its lease', async (bench) => {
      const [here, there] = [await bench.open(), await bench.open()];
      const { instances } = there.watch('inventory');
      await here.register(anInstance());
      await bench.until(instances, (list) => list.length === 1, 'the instance to appear');
      const seen: string[] = [];
      const watching = instances.subscribe((list) => seen.push(list.map(({ status }) => status).join()));
      await bench.pause(leases * (contract.leaseMs ?? 0));
      watching[Symbol.dispose]();
      assert.deepEqual(seen, [], 'the list has changed');
    }),
  ];
  const losing = [
    promise('keeps its lists while the registry is away, says why, and follows it when it is back', async (bench) => {
      const [here, there] = [await bench.open(), await bench.open()];
      const { instances } = there.watch('inventory');
      await here.register(anInstance());
      await bench.until(instances, (list) => list.length === 1, 'the instance to appear');
      await bench.place.lose?.();
      await bench.until(there.connection, ({ state }) => state === 'lost', 'the loss');
      assert.ok(there.connection.value.reason, 'the loss has no reason');
      assert.ok(instances.stale?.reason, 'the list is not marked stale');
      assert.deepEqual(instances.value, [anInstance()]);
      await bench.place.recover?.();
      await bench.until(there.connection, ({ state }) => state === 'connected', 'the registry to be back');
      await here.register(anInstance({ id: 'inventory-2', port: 4002 }));
      await bench.until(instances, (list) => list.length === 2, 'both instances');
      await bench.untilFresh(instances);
    }),

    promise('registers again what the registry has forgotten, with the newest facts', async (bench) => {
      const here = await bench.open();
      const registration = await here.register(anInstance());
      await bench.place.lose?.();
      await bench.until(here.connection, ({ state }) => state === 'lost', 'the loss');
      const changed = registration.update({ colour: 'blue' });
      await bench.place.recover?.();
      await changed;
      const { instances } = (await bench.open()).watch('inventory');
      await bench.until(instances, ([first]) => first?.metadata?.colour === 'blue', 'the instance as it is now');
    }),
  ];
  return [
    ...always,
    ...(contract.overrides ? overridePromises(promise) : []),
    ...(contract.leaseMs === undefined ? [] : leasing),
    ...(contract.loses ? losing : []),
  ];
}

/** How many leases an instance is watched for. */
const leases = 3;
