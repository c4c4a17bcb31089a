import { describe, test } from 'vitest';
import { balancerContract } from '../testing/balancer-contract.js';
import { balancerKinds, balancerOf } from './balancer-of.js';

for (const kind of balancerKinds) {
  describe(kind, () => {
    for (const { name, run } of balancerContract({ balancer: () => balancerOf(kind) })) test(name, run);
  });
}
