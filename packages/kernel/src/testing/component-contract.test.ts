import { expect, test } from 'vitest';
import type { Component, ComponentSteps } from '../component/component.js';
import { token } from '../component/token.js';
import { componentContract } from './component-contract.js';

const counterToken = token<{ running: boolean }>('counter');

function steps(): ComponentSteps {
  const state = { running: false };
  return {
    provide: (provision) => provision.value(counterToken, state),
    start() {
      state.running = true;
    },
    stop() {
      state.running = false;
    },
    health: () => [{ name: 'counter', check: () => ({ status: state.running ? 'UP' : 'DOWN' }) }],
  };
}

const casesOf = (component: Component) =>
  componentContract({ component, keys: [counterToken], use: async (host) => host.get(counterToken).running });

for (const { name, run } of casesOf({ name: 'counter', forApplication: steps })) {
  test(`a component with state per application ${name}`, run);
}

test('a component with state in a closure breaks the promises about two applications', async () => {
  const results = await Promise.allSettled(casesOf({ name: 'counter', ...steps() }).map(({ run }) => run()));
  const broken = results.filter(({ status }) => status === 'rejected');
  expect(broken.length).toBeGreaterThan(0);
});
