import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { findConsul } from './consul.mjs';

const script = fileURLToPath(new URL('consul.mjs', import.meta.url));

test('takes the program that CONSUL_BIN names before any other', async () => {
  expect(await findConsul({ CONSUL_BIN: process.execPath, PATH: process.env.PATH })).toBe(process.execPath);
});

test('says loudly that tests are not run when there is none', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(await findConsul({ CONSUL_BIN: '/nowhere/consul' })).toBeUndefined();
  expect(said.mock.calls.join()).toMatch(/no Consul: .*\/nowhere\/consul[\s\S]*NOT run/);
  said.mockRestore();
});

test.each([{ CI: 'true' }, { FWK_REQUIRE_CONSUL: '1' }])('fails with %j when there is none', async (environment) => {
  await expect(findConsul({ CONSUL_BIN: '/nowhere/consul', ...environment })).rejects.toThrow(/no Consul/);
});

test('prints the path for other programs, and fails without one', () => {
  const run = (program: string) =>
    spawnSync(process.execPath, [script], { env: { ...process.env, CONSUL_BIN: program, CI: '' }, encoding: 'utf8' });
  expect(run(process.execPath)).toMatchObject({ status: 0, stdout: `${process.execPath}\n` });
  expect(run('/nowhere/consul')).toMatchObject({ status: 1, stdout: '' });
});
