import type { Layer } from '@fwk/kernel';
import { layerContract } from '@fwk/kernel/testing';
import { describe, test } from 'vitest';
import { attemptTimeout, circuitBreaker, deadline, retry } from '../index.js';

const layers: Readonly<Record<string, () => Layer<string, number>>> = {
  deadline: () => deadline(),
  attemptTimeout: () => attemptTimeout(),
  retry: () => retry(),
  circuitBreaker: () => circuitBreaker(),
};

describe.each(Object.entries(layers))('%s', (_name, layer) => {
  for (const { name, run } of layerContract({ layer, request: 'request', answer: 7 })) test(name, run);
});
