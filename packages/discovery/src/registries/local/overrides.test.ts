import { afterEach, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../fixtures/free-port.js';
import type { Registry } from '../../registry.js';
import { anInstance } from '../../testing/instances.js';
import type { LocalRegistryOptions } from './local-options.js';
import { localRegistry } from './local-registry.js';

const override = { status: 'OUT_OF_SERVICE', cause: 'its disk is full', actor: 'operator alice' } as const;
const opened: Registry[] = [];

afterEach(async () => {
  for (const registry of opened.splice(0)) await registry.close();
});

function open(port: number, options: Partial<LocalRegistryOptions> = {}): Registry {
  const registry = localRegistry({ port, maxPauseMs: 20, ...options });
  registry.services();
  opened.push(registry);
  return registry;
}

/** What is said of the instance in a registry, as soon as it is known there. */
async function statusIn(registry: Registry): Promise<string | undefined> {
  const { instances } = registry.watch('inventory');
  await vi.waitFor(() => expect(instances.value).toHaveLength(1), { timeout: 5000 });
  return instances.value[0]?.status;
}

describe('an override', () => {
  test('goes over to whoever takes the registry over', async () => {
    const port = await freePort();
    const [first, second] = [open(port), open(port)];
    await first.overrides?.set('inventory-1', override);
    await second.register(anInstance());
    expect(await statusIn(second)).toBe('OUT_OF_SERVICE');
    await first.close();
    await vi.waitFor(() => expect(second.connection.value.state).toBe('connected'));
    expect(await statusIn(open(port, { serve: false }))).toBe('OUT_OF_SERVICE');
    expect(await second.overrides?.lift('inventory-1')).toBe(true);
  });

  test('is told by its instance to a registry that knows nothing, and stays lifted once it was lifted there', async () => {
    const port = await freePort();
    const first = open(port);
    const member = open(port, { serve: false });
    await member.register(anInstance());
    await member.overrides?.set('inventory-1', override);
    const { instances } = member.watch('inventory');
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('OUT_OF_SERVICE'));
    await first.close();
    const ignorant = open(port);
    expect(await statusIn(ignorant)).toBe('OUT_OF_SERVICE');
    expect(await ignorant.overrides?.lift('inventory-1')).toBe(true);
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('UP'));
  });

  test('is forgotten with its registry when nobody who lives tells of it', async () => {
    const port = await freePort();
    const ttlMs = 300;
    const first = open(port, { ttlMs });
    const watcher = open(port, { serve: false, ttlMs });
    await watcher.overrides?.set('inventory-1', override);
    await first.close();
    const ignorant = open(port, { ttlMs });
    await vi.waitFor(() => expect(ignorant.connection.value.state).toBe('connected'));
    await vi.waitFor(() => expect(watcher.connection.value.state).toBe('connected'));
    await ignorant.register(anInstance());
    const { instances } = watcher.watch('inventory');
    await vi.waitFor(() => expect(instances.value[0]?.status).toBe('UP'));
  });

  test('is refused where a thousand instances have one, and else makes the oldest idle one go', async () => {
    const registry = open(await freePort());
    for (let n = 0; n <= 1000; n++) await registry.overrides?.set(`idle-${n}`, override);
    expect(await registry.overrides?.lift('idle-0')).toBe(false);
    expect(await registry.overrides?.lift('idle-1')).toBe(true);
  });
});
