import { describe, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.js';
import { registryContract } from '../../testing/registry-contract.js';
import { localRegistry } from './local-registry.js';

describe('a local registry', () => {
  const place = async () => {
    const port = await freePort();
    return { open: () => localRegistry({ port }) };
  };
  for (const { name, run } of registryContract({ place })) test(name, run);
});
