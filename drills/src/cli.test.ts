import { expect, test } from 'vitest';
import { runCommand } from './cli.js';
import type { Drill } from './drill.js';
import { drills } from './rows/index.js';

const drillOf = (name: string, failed: number): Drill => ({
  name,
  about: `what ${name} is about`,
  run: async (_stage, { seconds, wire, say }) => {
    say(`${name} for ${seconds} s, wire ${wire}`);
    return [{ name: 'only', figures: { failed, p99Ms: 12.3456 }, must: { failed: { atMost: 0 } } }];
  },
});

async function run(given: readonly string[], more: readonly Drill[] = [], interrupted?: Promise<unknown>) {
  let [written, complaint] = ['', ''];
  const output = {
    write(text: string) {
      written += text;
    },
    complain(text: string) {
      complaint += text;
    },
  };
  const code = await runCommand(given, [drillOf('good', 0), drillOf('bad', 2), ...more], output, interrupted);
  return { code, complaint, lines: written.trimEnd().split('\n') };
}

test.each([
  [['unknown'], 'there is no drill "unknown"'],
  [[], 'one name is wanted'],
  [['--json'], 'one name is wanted'],
  [['good', 'bad'], 'one name is wanted'],
  [['good', '--seconds'], "'--seconds <value>' argument missing"],
  [['good', '--seconds', '0'], '--seconds must be from 1 to 3600, not "0"'],
  [['good', '--wire', 'h2'], '--wire must be one of auto, http, mux, not "h2"'],
  [['good', '--fast'], "Unknown option '--fast'"],
])('says what is wrong with %j, and explains itself', async (given, problem) => {
  const { code, complaint, lines } = await run(given);
  expect(code).toBe(2);
  expect(complaint).toContain(problem);
  expect(complaint).toContain('usage: npm run drill -- NAME [--json] [--seconds 1..3600] [--wire auto|http|mux]');
  expect(complaint).toContain('good  what good is about');
  expect(lines).toEqual(['']);
});

test('explains itself to those who ask for it', async () => {
  const { code, lines } = await run(['--help']);
  expect(code).toBe(0);
  expect(lines[0]).toBe('usage: npm run drill -- NAME [--json] [--seconds 1..3600] [--wire auto|http|mux]');
});

test('ends with one line of JSON when asked to, and tells by its exit code whether everything was reached', async () => {
  const good = await run(['good', '--json', '--seconds', '5']);
  expect(good.code).toBe(0);
  expect(good.complaint).toBe('good for 5 s, wire auto\n');
  const only = { case: 'only', failed: 0, p99Ms: 12.346, must: 'failed <= 0', reached: true };
  expect(JSON.parse(good.lines.at(-1) ?? '')).toEqual({ name: 'good', reached: true, cases: [only] });
  const bad = await run(['bad', '--wire', 'http']);
  expect(bad.complaint).toContain('wire http');
  expect(bad.code).toBe(1);
  expect(bad.lines.join()).toContain('NOT reached');
  expect(bad.lines.join()).not.toContain('{');
});

test('says what went wrong when a drill cannot be run', async () => {
  const broken: Drill = { name: 'broken', about: '', run: () => Promise.reject(new Error('there is no Consul')) };
  const { code, complaint, lines } = await run(['broken', '--json'], [broken]);
  expect(code).toBe(1);
  expect(complaint).toContain('the drill "broken" could not be run: there is no Consul');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ name: 'broken', reached: false });
});

test('ends every process that it started when it is interrupted', async () => {
  let pid: number | undefined;
  const endless: Drill = {
    name: 'endless',
    about: '',
    run(stage) {
      pid = stage.spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']).pid;
      return new Promise(() => {});
    },
  };
  const { code } = await run(['endless'], [endless], Promise.resolve());
  expect(code).toBe(130);
  expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
});

test('has a name of its own for each drill', () => {
  expect(new Set(drills.map(({ name }) => name)).size).toBe(drills.length);
});
