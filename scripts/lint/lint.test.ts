import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const biome = 'node_modules/@biomejs/biome/bin/biome';

/** Which of the expressions the lint refuses. */
function refused(expressions: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'fwk-lint-'));
  try {
    const plugins = [resolve('scripts/lint/linear-expressions.grit')];
    writeFileSync(
      join(folder, 'biome.json'),
      JSON.stringify({ root: true, plugins, linter: { rules: { recommended: false } } }),
    );
    expressions.forEach((code, index) => {
      writeFileSync(join(folder, `at-${index}-.ts`), `export const x = ${code};\n`);
    });
    const { stdout, stderr } = spawnSync(process.execPath, [resolve(biome), 'lint', '--max-diagnostics=none', '.'], {
      cwd: folder,
      encoding: 'utf8',
    });
    return expressions.filter((_, index) => `${stdout}${stderr}`.includes(`at-${index}-.ts`));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('expressions that repeat up to the end and may begin anywhere are refused, and no others', () => {
  const quadratic = ['/x+$/', '/[ \\t]*$/', '/^[ ]+|[ ]+$/g', '/:\\d+$/', '/(?:ab)+$/', '/a(b+)$/', '/\\s+$|x/'];
  const linear = ['/^x+$/', '/x$/', '/^[ ]+/', '/x+y$/', '/_total$/', '/^(?:a|b)$/'];
  expect(refused([...linear, ...quadratic])).toEqual(quadratic);
}, 60_000);

test('repetitions of nothing but repetitions are refused, and no others', () => {
  const nested = [
    '/^(a+)+b/',
    '/^(?:\\w+ ?)*x/',
    '/^(?:[a-z]*)*;/',
    '/^(?:x|\\d+)+y/',
    '/^(?<n>a*b?)+c/',
    '/^(?:a+){2,}b/',
  ];
  const linear = [
    '/^(?:\\w+,)*x/',
    '/^(?:,\\s*\\w+)*x/',
    '/^(?:a|b)+c/',
    '/^[(a+)]+b/',
    '/^(?:a+)?b/',
    '/^(?:a+){2}b/',
    '/^\\(a+\\)+b/',
  ];
  expect(refused([...linear, ...nested])).toEqual(nested);
}, 60_000);
