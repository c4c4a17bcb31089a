import { afterAll, beforeAll, describe, test } from 'vitest';
import { type ConsulAgent, consulProgram, startAgent } from '../../fixtures/consul/consul-agent.js';
import { registryContract } from '../../testing/registry-contract.js';
import { consulRegistry } from './consul-registry.js';

describe.runIf(consulProgram)('a Consul registry', () => {
  let agent: ConsulAgent;
  beforeAll(async () => {
    agent = await startAgent();
  });
  afterAll(() => agent[Symbol.asyncDispose]());

  const place = () => ({ open: () => consulRegistry({ url: agent.url }) });
  for (const { name, run } of registryContract({ place })) test(name, run);
});
