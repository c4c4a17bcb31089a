import { describe, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.js';
import { registryContract } from '../../testing/registry-contract.js';
import { localRegistry } from './local-registry.js';

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
