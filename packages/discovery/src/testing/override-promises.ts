import assert from 'node:assert/strict';
import { isFwkError } from '@fwk/kernel';
import type { promisesOf, RegistryContractCase, RegistryPlace } from './contract-bench.js';
import { anInstance } from './instances.js';

/** What backends promise that have `overrides`. */
export function overridePromises<P extends RegistryPlace>(
  promise: ReturnType<typeof promisesOf<P>>,
): readonly RegistryContractCase[] {
  return [
    promise('lets an operator’s word win over the instance’s own until it is lifted', async (bench) => {
      const [here, there] = [await bench.open(), await bench.open()];
      const { instances } = there.watch('inventory');
      const registration = await here.register(anInstance());
      await bench.until(instances, (list) => list.length === 1, 'the instance to appear');
      await there.overrides?.set('inventory-1', {
        status: 'OUT_OF_SERVICE',
        cause: 'its disk is full',
        actor: 'alice',
      });
      await bench.until(instances, ([first]) => first?.status === 'OUT_OF_SERVICE', 'the override');
      const { cause, actor, atMs = Number.NaN } = instances.value[0]?.lastChange ?? {};
      assert.deepEqual([cause, actor], ['its disk is full', 'alice']);
      assert.ok(atMs > 0);
      await registration.setStatus('UP', 'it feels well');
      await registration.update({ colour: 'blue' });
      await bench.until(instances, ([first]) => first?.metadata?.colour === 'blue', 'the metadata');
      assert.equal(instances.value[0]?.status, 'OUT_OF_SERVICE');
      assert.equal(registration.instance.status, 'UP');
      await registration.deregister();
      await here.register(anInstance());
      await bench.until(instances, ([first]) => first !== undefined && !first.metadata, 'the instance to be back');
      assert.equal(instances.value[0]?.status, 'OUT_OF_SERVICE');
      assert.equal(await here.overrides?.lift('inventory-1'), true);
      await bench.until(instances, ([first]) => first?.status === 'UP', 'its own word to count again');
      assert.equal(await here.overrides?.lift('inventory-1'), false);
    }),

    promise('refuses an override that is none', async (bench) => {
      const registry = await bench.open();
      await registry.register(anInstance());
      const broken = { status: 'AWAY' as 'UP', cause: '', actor: 'alice' };
      await assert.rejects(
        async () => registry.overrides?.set('inventory-1', broken),
        (error) =>
          isFwkError(error, 'FWK_DISCOVERY_INSTANCE_INVALID') && /cause.*status must be one of/.test(error.message),
      );
    }),

    promise('refuses to override, and to lift, what no instance could be called', async (bench) => {
      const registry = await bench.open();
      const override = { status: 'DOWN', cause: 'it smokes', actor: 'alice' } as const;
      for (const id of ['', 'bad id', 'x'.repeat(201)]) {
        const invalid = (error: unknown) => isFwkError(error, 'FWK_DISCOVERY_INSTANCE_INVALID');
        await assert.rejects(async () => registry.overrides?.set(id, override), invalid);
        await assert.rejects(async () => registry.overrides?.lift(id), invalid);
      }
    }),
  ];
}
