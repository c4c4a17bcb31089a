import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** Real processes on the built package, since what matters is what is left when one ends. */
const root = fileURLToPath(new URL('../../../../', import.meta.url));

function run(source: string, stdout: 'pipe' | number = 'pipe') {
  const script = `import { createLogger } from '@fwk/core'; const logger = createLogger({ sampling: { first: 5000 } }); ${source}`;
  const args = ['--input-type=module', '-e', script];
  const {
    stdout: output,
    stderr,
    status,
    signal,
  } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', stdout, 'pipe'],
    timeout: 30_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  const lines = () =>
    output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly n: number });
  return { lines, stderr, status, signal };
}

const many = `for (let n = 0; n < 2000; n++) logger.info({ n, pad: 'x'.repeat(200) }, 'line');`;
const afterPino = (source: string) => `logger.info({ n: -1 }, 'first'); setTimeout(() => { ${source} }, 400);`;
const numbers = Array.from({ length: 2000 }, (_, index) => index);

describe.each([
  ['before pino is loaded', (source: string) => source, 0],
  ['by pino', afterPino, 1],
])('lines written %s are all there when the process ends', (_when, program, before) => {
  test.each([
    ['by process.exit', `${many} process.exit(3);`, { status: 3 }],
    ['by an uncaught error', `${many} throw new Error('broken');`, { status: 1 }],
    ['by SIGTERM that nobody listens to', `${many} process.kill(process.pid, 'SIGTERM');`, { signal: 'SIGTERM' }],
  ])('%s', (_how, source, end) => {
    const ended = run(program(source));
    expect(
      ended
        .lines()
        .slice(before)
        .map(({ n }) => n),
    ).toEqual(numbers);
    expect(ended).toMatchObject(end);
  });
});

test('a disk that is full and a reader that has gone cost lines, and nothing else', () => {
  const full = run(`${many} setTimeout(() => { ${many} process.exitCode = 7; }, 400);`, openSync('/dev/full', 'w'));
  expect(full).toMatchObject({ status: 7, stderr: '' });
});

test('lines that were left out are told of when the process ends', () => {
  const ended = run(`${many} ${many} ${many} process.exit();`);
  expect(ended.lines()).toHaveLength(5001);
  expect(ended.lines().at(-1)).toMatchObject({ message: 'line', leftOut: 1000 });
});

test('where pino cannot be loaded lines are written without it', () => {
  const ended = run(`
    import { register } from 'node:module';
    const hide = "data:text/javascript,export const resolve = (name, context, next) => { if (name === 'pino') throw new Error('hidden'); return next(name, context); }";
    register(hide);
    logger.info({ n: 0 }, 'first');
    setTimeout(() => logger.info({ n: 1 }, 'second'), 300);
  `);
  expect(ended.lines().map(({ n }) => n)).toEqual([0, 1]);
});

test('under PM2, whose cluster mode collects lines by a function of its own, they go there, and a flush waits for it', () => {
  const ended = run(`
    import { writeSync } from 'node:fs';
    process.env.pm_id = '0';
    process.stdout.write = (text, _, taken) => setTimeout(() => taken(writeSync(1, text.replace('line', 'collected'))), 200);
    const worker = createLogger();
    for (let n = 0; n < 3; n++) worker.info({ n }, 'line');
    await worker.flush();
    process.exit();
  `);
  expect(ended.lines()).toMatchObject([0, 1, 2].map((n) => ({ n, message: 'collected' })));
});

test('a collector that takes nothing holds a flush for a second at most', () => {
  const ended = run(`
    process.env.pm_id = '0';
    process.stdout.write = () => false;
    const worker = createLogger();
    worker.info({}, 'line');
    await worker.flush();
    process.exit(5);
  `);
  expect(ended).toMatchObject({ status: 5, stderr: '' });
});
