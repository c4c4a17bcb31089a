import { describe, expect, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.js';
import { registryContract } from '../../testing/registry-contract.js';
import { localRegistry } from './local-registry.js';
import { serveRegistry } from './serve-registry.js';

describe('a local registry', () => {
  const place = async () => {
    const port = await freePort();
    return { open: () => localRegistry({ port }) };
  };
  for (const { name, run } of registryContract({ place, overrides: true })) test(name, run);
});

describe('a local registry that another process serves', () => {
  const ttlMs = 300;
  const place = async () => {
    const port = await freePort();
    const serve = async () => {
      const serving = localRegistry({ port, ttlMs });
      serving.services();
      return serving;
    };
    let serving = await serve();
    return {
      open: () => localRegistry({ port, ttlMs, serve: false }),
      lose: () => serving.close(),
      async recover() {
        serving = await serve();
      },
      end: () => serving.close(),
    };
  };
  for (const { name, run } of registryContract({ place, overrides: true, loses: true, leaseMs: ttlMs }))
    test(name, run);
});

test('closes at whatever step of joining it is', async () => {
  await using served = await serveRegistry({ port: 0 });
  for (let steps = 0; steps < 40; steps++) {
    const registry = localRegistry({ port: served.port, serve: false });
    registry.watch('inventory');
    for (let step = 0; step < steps; step++) await null;
    await registry.close();
    expect(registry.connection.value.state).toBe('closed');
  }
});
