import { makeEnv } from '@fwk/kernel';
import { describe, test } from 'vitest';
import { registryContract } from '../testing/registry-contract.js';
import { memoryRegistry } from './memory-registry.js';

describe('a memory registry', () => {
  const place = () => {
    const shared = memoryRegistry();
    return { open: () => shared.connect?.(makeEnv()) ?? shared };
  };
  for (const { name, run } of registryContract({ place, overrides: true })) test(name, run);
});
