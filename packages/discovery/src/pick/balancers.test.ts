import { describe, test } from 'vitest';
import { balancerContract } from '../testing/balancer-contract.js';
import { leastRequest } from './least-request.js';
import { p2c } from './p2c.js';
import { roundRobin } from './round-robin.js';

for (const balancer of [p2c, leastRequest, roundRobin]) {
  describe(balancer().role, () => {
    for (const { name, run } of balancerContract({ balancer: () => balancer() })) test(name, run);
  });
}
