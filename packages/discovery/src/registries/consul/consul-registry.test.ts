import { afterAll, beforeAll, describe, test } from 'vitest';
import { type ConsulAgent, consulProgram, startAgent } from '../../fixtures/consul/consul-agent.js';
import { registryContract } from '../../testing/registry-contract.js';
import type { ConsulOptions } from './consul-options.js';
import { consulRegistry } from './consul-registry.js';

const rows: readonly [string, Partial<ConsulOptions>][] = [
  ['a Consul registry', {}],
  ['a Consul registry whose watches share one question', { maxQueries: 0 }],
];

describe.runIf(consulProgram)('on a real agent', () => {
  let agent: ConsulAgent;
  beforeAll(async () => {
    agent = await startAgent();
  });
  afterAll(() => agent[Symbol.asyncDispose]());

  describe.each(rows)('%s', (_name, options) => {
    const ttlMs = 1000;
    const place = () => ({
      open: () => consulRegistry({ ...options, url: agent.url, ttlMs, maxPauseMs: 200 }),
      lose: () => agent.kill(),
      recover: () => agent.restart(),
    });
    // Consul takes 64 pairs, and some of them say what the instance is.
    const tooMuch = Object.fromEntries(Array.from({ length: 63 }, (_, index) => [`key-${index}`, 'value']));
    const contract = { place, patienceMs: 15_000, loses: true, leaseMs: ttlMs, tooMuch };
    for (const { name, run } of registryContract(contract)) test(name, run);
  });
});
