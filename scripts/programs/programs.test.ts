import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { findConsul } from './consul.mjs';
import { findPrometheus, promtoolOf } from './prometheus.mjs';
import { findRedis, redisLibraries } from './redis.mjs';

describe.each([
  { name: 'Consul', find: findConsul, variable: 'CONSUL_BIN', required: 'FWK_REQUIRE_CONSUL', script: 'consul.mjs' },
  {
    name: 'Prometheus',
    find: findPrometheus,
    variable: 'PROMETHEUS_BIN',
    required: 'FWK_REQUIRE_PROMETHEUS',
    script: 'prometheus.mjs',
  },
  { name: 'Redis', find: findRedis, variable: 'REDIS_BIN', required: 'FWK_REQUIRE_REDIS', script: 'redis.mjs' },
])('finding $name', ({ name, find, variable, required, script }) => {
  const nowhere = { [variable]: '/nowhere/program' };

  test('takes the program that the variable names before any other', async () => {
    expect(await find({ [variable]: process.execPath, PATH: process.env.PATH })).toBe(process.execPath);
  });

  test('says loudly that tests are not run when there is none', async () => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(await find(nowhere)).toBeUndefined();
    expect(said.mock.calls.join()).toMatch(new RegExp(`no ${name}: .*/nowhere/program[\\s\\S]*NOT run`));
    said.mockRestore();
  });

  test.each([{ CI: 'true' }, { [required]: '1' }])('fails with %j when there is none', async (environment) => {
    await expect(find({ ...nowhere, ...environment })).rejects.toThrow(`no ${name}`);
  });

  test('prints the path for other programs, and fails without one', () => {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const run = (program: string) =>
      spawnSync(process.execPath, [path], { env: { ...process.env, [variable]: program, CI: '' }, encoding: 'utf8' });
    expect(run(process.execPath)).toMatchObject({ status: 0, stdout: `${process.execPath}\n` });
    expect(run('/nowhere/program')).toMatchObject({ status: 1, stdout: '' });
  });
});

const redis = await findRedis();

test.runIf(redis !== undefined)('the Redis that is found runs', () => {
  const program = redis as string;
  const env = { ...process.env, ...redisLibraries(program) };
  const { stdout } = spawnSync(program, ['--version'], { argv0: 'redis-server', env, encoding: 'utf8' });
  expect(stdout).toMatch(/Redis server v=\d/);
});

const prometheus = await findPrometheus();

test.runIf(prometheus !== undefined)('the Prometheus that is found runs, and its checker beside it', () => {
  for (const program of [prometheus as string, promtoolOf(prometheus as string)]) {
    const { stdout, stderr } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    expect(stdout + stderr).toMatch(/version \d+\.\d+/);
  }
});
