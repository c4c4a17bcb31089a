/** What operators tune in a running application, and what they are told beforehand. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { config } from '@fwk/config';
import { createApp, loggerToken } from '@fwk/core';
import { policyRegistryToken, resilience } from '@fwk/resilience';
import { afterEach, expect, test } from 'vitest';
import { shopPolicies } from '../settings.js';

const program = fileURLToPath(new URL('../../../../packages/config/bin/fwk-config.js', import.meta.url));
const apps: AsyncDisposable[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app[Symbol.asyncDispose]();
});

async function running(settings: object) {
  const app = createApp({
    ...{ name: 'pricing', version: '1.0.0', owner: 'pricing', signals: false },
    logging: { level: 'error', destination: { write() {} } },
    shutdown: { propagationDelayMs: 0 },
    use: [config({ defaults: settings, environment: false, watch: false }), resilience({ policies: shopPolicies })],
  });
  apps.push(app);
  await app.start();
  const token = await readFile(app.managementTokenFile ?? '', 'utf8');
  const put = async (path: string, value: unknown, dryRun = false) => {
    const answer = await fetch(`${app.managementUrl}/manage/config/${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ value, actor: 'ann', reason: 'test', dryRun }),
    });
    return { status: answer.status, told: (await answer.json()) as Record<string, unknown> };
  };
  return { app, put };
}

function fwkConfig(...args: readonly string[]) {
  return new Promise<{ code: number; out: string }>((resolve) => {
    const child = execFile(process.execPath, [program, ...args], (_, out) =>
      resolve({ code: child.exitCode ?? -1, out }),
    );
  });
}

test('a dry run names the policies and components that a change would touch, and changes nothing', async () => {
  const { app, put } = await running({ policies: { quote: { timeoutMs: 800 }, stock: { timeoutMs: 800 } } });
  const quote = app.get(policyRegistryToken).named('quote');
  const timeout = () => quote.settings.find(({ setting }) => setting === 'timeoutMs')?.value;
  expect(await put('policies.quote.timeoutMs', 50, true)).toMatchObject({
    status: 200,
    told: { policies: ['quote'], components: ['resilience'], problems: [] },
  });
  expect(timeout()).toBe(800);
  expect((await put('logging.levels', { root: 'debug' }, true)).told).toMatchObject({
    components: ['logging'],
    policies: [],
  });
  const refused = await put('policies.quote.timeoutMs', 'soon');
  expect([refused.status, refused.told.detail]).toEqual([400, expect.stringContaining('timeoutMs must be')]);
  expect((await put('policies.quote.timeoutMs', 50)).status).toBe(200);
  expect(timeout()).toBe(50);
});

test('the levels of loggers follow their setting, and goes back to what the code says', async () => {
  const { app, put } = await running({ policies: {} });
  const logger = app.get(loggerToken) as { level?: string };
  expect(logger.level).toBe('error');
  expect((await put('logging.levels', { root: 'debug' })).status).toBe(200);
  expect(logger.level).toBe('debug');
  expect(await put('logging.levels', { root: 'loud' })).toMatchObject({ status: 400 });
  expect((await put('logging.levels', null)).status).toBe(200);
  expect(logger.level).toBe('error');
});

test('fwk-config explains a setting of the running application, at its management listener', async () => {
  const { app, put } = await running({ policies: { quote: { timeoutMs: 800 } } });
  await put('policies.quote.timeoutMs', 50);
  const told = await fwkConfig('explain', 'policies.quote.timeoutMs', '--url', app.managementUrl ?? '');
  expect(told).toEqual({
    code: 0,
    out: [
      'policies.quote.timeoutMs = 50',
      '  set at overrides, key policies.quote.timeoutMs by ann: test: 50',
      '  over defaults: 800',
      '',
    ].join('\n'),
  });
});
