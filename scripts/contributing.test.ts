/** The example of CONTRIBUTING, done as it says there, in a copy of the package. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from './workspace.mjs';

// Inside the repository, so that types and tools are found.
const work = join(root, '.cache', `contributing-${process.pid}`);
const src = join(work, 'src');
const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');

/** Code blocks of a language that say in their first line which file they are. */
function files(language: string, comment: RegExp): readonly (readonly [path: string, code: string])[] {
  const blocks = [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, code]) => code!);
  return blocks.map((code) => {
    const [first, ...lines] = code.split('\n');
    const [, path] =
      comment.exec(first!) ?? expect.fail(`a ${language} block begins with "${first}", and not with its file`);
    return [path!, lines.join('\n')] as const;
  });
}

/** Puts the added lines of a change between those round them. */
function changed(text: string, change: string): string {
  return change.split('\n\n').reduce((before, hunk) => {
    const lines = hunk.split('\n').filter((line) => line !== '');
    const kept = lines.filter((line) => !line.startsWith('+'));
    const [old, next] = [kept, lines].map((part) => part.map((line) => line.slice(1)).join('\n'));
    expect(before).toContain(old);
    return before.replace(old!, () => next!);
  }, text);
}

const inCopy = (path: string) => join(src, path.replace('packages/resilience/src/', ''));
const run = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, args, { cwd: work }).catch(
    (failed: { stdout: string; stderr: string }) => failed,
  );

beforeAll(() => {
  cpSync(join(root, 'packages/resilience/src'), src, { recursive: true });
  for (const [path, code] of files('ts', /^\/\/ (\S+)$/)) {
    mkdirSync(dirname(inCopy(path)), { recursive: true });
    writeFileSync(inCopy(path), code);
  }
  for (const [path, change] of files('diff', /^ \/\/ (\S+)$/)) {
    writeFileSync(inCopy(path), changed(readFileSync(inCopy(path), 'utf8'), change));
  }
  const added = files('ts', /^\/\/ (\S+)$/).map(([path]) => path.replace('packages/resilience/', ''));
  writeFileSync(
    join(work, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.test.json'), include: [], files: ['src/index.ts', ...added] }),
  );
  writeFileSync(
    join(work, 'vitest.config.mjs'),
    `import config from ${JSON.stringify(join(root, 'vitest.config.ts'))};
     export default { ...config, test: { include: ['src/**/*.test.ts'] } };`,
  );
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

test('the example of a layer compiles: its line in the order is all that policies need', async () => {
  const { stdout } = await run(join(root, 'node_modules/typescript/bin/tsc'), '-p', work);
  expect(stdout).toBe('');
}, 120_000);

test('the example of a layer passes its test, and those of all layers', async () => {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { stdout, stderr } = await run(vitest, 'run', '--root', work, 'slow-calls', 'policy/live-options');
  expect(stdout + stderr).toMatch(/Test Files .*2 passed/);
}, 120_000);
