/**
 * The promises of a component that several applications list: what one of them does to its own is never seen in another.
 * The cases use `node:assert`, so that they run under any test runner.
 */
import assert from 'node:assert/strict';
import type { Component } from '../component/component.js';
import type { InjectionKey } from '../component/token.js';
import { componentBench } from './component-bench.js';

/** An application that lists the component. Made, and not started yet. */
export interface ComponentHost {
  start(): Promise<void>;
  stop(): Promise<void>;
  get<T>(key: InjectionKey<T>): T;
  /** What the component's own checks find now; undefined once the application looks no more. */
  health(): Promise<unknown>;
}

/** What the contract needs. */
export interface ComponentContract {
  readonly component: Component;
  /** Makes an application that lists the component. @defaultValue one of {@link componentBench} */
  readonly host?: (component: Component) => ComponentHost;
  /** What each application must have of its own. @defaultValue none */
  readonly keys?: readonly InjectionKey<unknown>[];
  /** What the component does in a running application, such as answering a call: equal in all, whoever else has stopped. */
  readonly use: (host: ComponentHost) => Promise<unknown>;
  /** Makes the next start fail, and answers what lets starts succeed again. */
  readonly breakStart?: () => Promise<() => Promise<void> | void>;
}

/** One promise; hand it to any test runner. */
export interface ComponentContractCase {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * The promises as test cases: one component object in several applications.
 * @example for (const { name, run } of componentContract({ component: http(), use: callIt })) test(name, run);
 */
export function componentContract(contract: ComponentContract): readonly ComponentContractCase[] {
  const { component, keys = [], use, breakStart } = contract;
  const make = () => (contract.host ?? componentBench)(component);
  const started = async () => {
    const host = make();
    await host.start();
    return host;
  };

  const cases = [
    {
      name: 'works in two applications at the same time, each with what it provides and its health of its own',
      async run() {
        const [first, second] = [await started(), await started()];
        for (const key of keys) assert.notEqual(first.get(key), second.get(key), 'two applications share one object');
        assert.deepEqual(await use(first), await use(second));
        const [used, healthy] = [await use(second), await second.health()];
        await first.stop();
        assert.deepEqual(await use(second), used, 'the stop of one application changed what another does');
        assert.deepEqual(await second.health(), healthy, 'the stop of one application changed the health of another');
        await second.stop();
      },
    },
    {
      name: 'does not touch a running application when another one is only made',
      async run() {
        const first = await started();
        const [used, healthy] = [await use(first), await first.health()];
        make();
        assert.deepEqual(await use(first), used);
        assert.deepEqual(await first.health(), healthy);
        await first.stop();
      },
    },
    {
      name: 'works in one application after the other',
      async run() {
        const first = await started();
        const used = await use(first);
        await first.stop();
        const second = await started();
        assert.deepEqual(await use(second), used);
        await second.stop();
      },
    },
    {
      name: 'can be stopped twice without touching the application that came after',
      async run() {
        const first = await started();
        await first.stop();
        const second = await started();
        const used = await use(second);
        await first.stop();
        assert.deepEqual(await use(second), used);
        await second.stop();
      },
    },
  ];
  if (!breakStart) return cases;
  return [
    ...cases,
    {
      name: 'works in the next application, and goes on in the one before, after a start that failed',
      async run() {
        const before = await started();
        const used = await use(before);
        const mend = await breakStart();
        try {
          await assert.rejects(started(), 'the start was to fail');
        } finally {
          await mend();
        }
        assert.deepEqual(await use(before), used);
        const after = await started();
        assert.deepEqual(await use(after), used);
        await after.stop();
        await before.stop();
      },
    },
  ];
}
