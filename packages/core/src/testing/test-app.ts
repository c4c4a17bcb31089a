import { randomUUID } from 'node:crypto';
import { type Component, OptionsError } from '@fwk/kernel';
import { type App, createApp } from '../app/app.js';
import type { AppOptions } from '../app/app-options.js';

/** Options of {@link testApp}: those of `createApp`, all with defaults. */
export interface TestAppOptions extends Partial<AppOptions> {
  /**
   * Components that take the places of those in `use` with the same names, so that a test can start the application of the
   * program with a registry, a configuration or a port of its own. @defaultValue none
   * @example testApp({ ...checkout(), replace: [discovery({ registry: memoryRegistry() })] })
   */
  readonly replace?: readonly Component[];
}

/**
 * An application under test, started: silent, without signals and management, without waiting when it stops. Give
 * `overrides` to replace what is registered, `replace` to replace components, `env: { clock: fakeClock() }` to own the time.
 * Dispose it with `await using`, or `stop()`.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` when there is nothing to replace, and what `createApp` and `start` throw.
 */
export async function testApp({ replace = [], use = [], ...options }: TestAppOptions = {}): Promise<App> {
  const app = createApp({
    name: 'app-under-test',
    version: '0.0.0',
    owner: 'tests',
    instanceId: `test-${randomUUID()}`,
    management: false,
    signals: false,
    ...options,
    use: replaced(use, replace),
    logging: { level: 'silent', ...options.logging },
    shutdown: { propagationDelayMs: 0, ...options.shutdown },
  });
  await app.start();
  return app;
}

function replaced(use: readonly Component[], replace: readonly Component[]): readonly Component[] {
  const names = use.map(({ name }) => name);
  const problems = replace
    .filter(({ name }) => !names.includes(name))
    .map(
      ({ name }) =>
        `replace has "${name}", but use has no component of that name (it has ${names.join(', ') || 'none'})`,
    );
  if (problems.length > 0) throw new OptionsError('testApp', problems);
  return use.map((component) => replace.find(({ name }) => name === component.name) ?? component);
}
