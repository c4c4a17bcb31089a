import { randomUUID } from 'node:crypto';
import { type App, createApp } from '../app/app.js';
import type { AppOptions } from '../app/app-options.js';

/** Options of {@link testApp}: those of `createApp`, all with defaults. */
export type TestAppOptions = Partial<AppOptions>;

/**
 * An application under test, started: silent, without signals and management, without waiting when it stops. Give
 * `overrides` to replace what is registered, `env: { clock: fakeClock() }` to own the time. Dispose it with
 * `await using`, or `stop()`.
 * @throws what `createApp` and `start` throw.
 */
export async function testApp(options: TestAppOptions = {}): Promise<App> {
  const app = createApp({
    name: 'app-under-test',
    version: '0.0.0',
    owner: 'tests',
    instanceId: `test-${randomUUID()}`,
    management: false,
    signals: false,
    ...options,
    logging: { level: 'silent', ...options.logging },
    shutdown: { propagationDelayMs: 0, ...options.shutdown },
  });
  await app.start();
  return app;
}
