import { background, sleep } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { expect, test, vi } from 'vitest';
import { createApp } from './app.js';
import type { StartReport } from './start-report.js';

const quiet = { name: 'shop', version: '1.0.0', owner: 'us', signals: false, logging: { level: 'silent' } } as const;

test('the page info says how long each step and each provider took, and where a start is that has not ended', async () => {
  const clock = fakeClock();
  class Cache {
    async onStart() {
      await sleep(clock, 300, background);
    }
  }
  class Plain {}
  const app = createApp({
    ...quiet,
    env: { clock },
    shutdown: { propagationDelayMs: 0 },
    use: [{ name: 'db', start: ({ call }) => sleep(clock, 200, call) }, { name: 'idle' }],
    providers: [Cache, Plain],
  });
  const started = app.start();
  const info = async () => {
    const answer = await fetch(`${app.managementUrl}/manage/info`);
    return ((await answer.json()) as { startUp: StartReport }).startUp;
  };
  await vi.waitFor(() => expect(app.managementUrl).toBeDefined());
  await vi.waitFor(async () => {
    await clock.advance(10);
    const { durationMs, steps } = await info();
    expect(steps.at(-1)).toMatchObject({ component: 'db', step: 'start', outcome: 'under way' });
    expect(durationMs).toBeGreaterThanOrEqual(steps.at(-1)?.durationMs ?? 0);
  });
  await clock.advance(200);
  await clock.advance(300);
  await started;
  const { durationMs, steps, providers } = await info();
  expect(durationMs).toBeGreaterThanOrEqual(500);
  expect(steps).toContainEqual({ component: 'db', step: 'start', durationMs: 200, outcome: 'done' });
  expect(steps.map(({ component }) => component)).not.toContain('idle');
  expect(providers).toEqual([
    { provider: 'Cache', buildMs: 0, startMs: 300 },
    { provider: 'Plain', buildMs: 0 },
  ]);
  await app.stop();
});

test('a start that fails keeps what it measured', async () => {
  const clock = fakeClock();
  const app = createApp({
    ...quiet,
    management: false,
    env: { clock },
    stepTimeoutMs: 100,
    use: [{ name: 'stuck', start: () => new Promise(() => {}) }],
  });
  const failed = app.start().catch((error: unknown) => error);
  await clock.advance(100);
  expect(await failed).toMatchObject({ code: 'FWK_CORE_STEP_TIMEOUT' });
  expect(app.startReport.steps).toContainEqual({
    component: 'stuck',
    step: 'start',
    durationMs: 100,
    outcome: 'cut off',
  });
});
