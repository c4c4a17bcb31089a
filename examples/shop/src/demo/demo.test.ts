import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../dist/demo/main.js', import.meta.url));

function runDemo(args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('exit', (code) => resolve({ code, stdout, stderr })),
  );
  return { child, ended, told: () => stderr };
}

test('the whole story: a kill, an outage, edits, a canary, an experiment and a rolling restart without one failed request', async () => {
  const { ended } = runDemo(['--seconds', '25', '--json', '--port', '0']);
  const { code, stdout, stderr } = await ended;
  const figures = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect(figures, stderr).toMatchObject({
    failed: 0,
    kills: 1,
    breakerOpened: expect.any(Number),
    badConfigRefused: true,
    canaryConfiguredBefore: 0.05,
    canaryConfiguredAfter: 0.5,
    experimentVariants: ['usual', 'newest'],
    experimentConfiguredShare: 0.5,
    errorsByVariant: { usual: 0, newest: 0 },
    unsteadyCustomers: 0,
    rollingRestartFailed: 0,
    exitClean: true,
  });
  // 120 pages each: five standard deviations from what was configured.
  expect(figures.canarySeenBefore).toBeLessThan(0.16);
  expect(figures.canarySeenAfter).toBeGreaterThan(0.27);
  expect(figures.canarySeenAfter).toBeLessThan(0.73);
  expect(figures.canaryWidenedMs).toBeLessThan(2000);
  // Half of 200 customers, who do not come equally often.
  expect(figures.experimentSeenShare).toBeGreaterThan(0.25);
  expect(figures.experimentSeenShare).toBeLessThan(0.75);
  expect(figures.callsByVariant.usual + figures.callsByVariant.newest).toBeGreaterThanOrEqual(150);
  expect(figures.p95MsByVariant).toEqual({ usual: expect.any(Number), newest: expect.any(Number) });
  expect(figures.orderCentsByVariant.usual).toBeGreaterThan(0);
  expect(figures.orderCentsByVariant.newest).toBeGreaterThan(0);
  expect(figures.experimentStartedMs).toBeLessThan(5000);
  expect(stderr).toMatch(/newest: \d+ calls, 0 errors, 95 % within [\d.]+ ms, \d+ cents an order/);
  expect(figures.requests).toBeGreaterThan(1000);
  expect(figures.breakerOpened).toBeGreaterThanOrEqual(1);
  expect(figures.breakerClosed).toBeGreaterThanOrEqual(1);
  expect(figures.fallbackUsed).toBeGreaterThan(0);
  expect(figures.configChangeSeenMs).toBeLessThan(2000);
  expect(figures.clientPolicyChangedSeenMs).toBeLessThan(2000);
  expect(figures.instancesSeen).toBeGreaterThanOrEqual(7);
  expect(code).toBe(0);
}, 180_000);

test('the story in one process: calls without a connection, until inventory is split off by an edit of the settings', async () => {
  const { code, stdout, stderr } = await runDemo(['--in-process', '--seconds', '20', '--json', '--port', '0']).ended;
  const figures = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect(figures, stderr).toMatchObject({
    failed: 0,
    kills: 0,
    badConfigRefused: true,
    splitOffShare: 1,
    // Three in the common process, one in its own.
    instancesSeen: 4,
    exitClean: true,
  });
  expect(figures.breakerOpened).toBeGreaterThanOrEqual(1);
  expect(figures.fallbackUsed).toBeGreaterThan(0);
  expect(figures.splitOffSeenMs).toBeLessThan(2000);
  expect(figures.callsByWire.local).toBeGreaterThan(1000);
  // What was split off, and the hellos of its callers.
  expect(figures.callsByWire.mux).toBeGreaterThan(100);
  expect(code).toBe(0);
}, 180_000);

test('Ctrl-C in the middle of the story stops every service in order', async () => {
  const { child, ended, told } = runDemo(['--json', '--port', '0']);
  while (!told().includes('SIGKILL of')) await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGINT');
  const { code, stdout, stderr } = await ended;
  expect(JSON.parse(stdout), stderr).toMatchObject({ failed: 0, exitClean: true });
  expect(code).toBe(0);
}, 180_000);

test('a bad argument is refused in one line with the usage, and code 2', async () => {
  const { code, stdout, stderr } = await runDemo(['--seconds', 'x']).ended;
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/--seconds must be a whole number from 20 to 3600/);
});
