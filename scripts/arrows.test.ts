import { describe, expect, test } from 'vitest';
import { checkArrows, readPackages } from './arrows/arrows.mjs';

const readme = '## Map\n\n| folder | holds |\n|---|---|\n| `top/` | a |\n| `low/` | b |\n';

function planted(files: Record<string, string>, name = 'kernel') {
  const sources = Object.entries(files).map(([path, text]) => ({ path, text }));
  return checkArrows([{ name, dependencies: ['yaml'], readme, files: sources }]);
}

describe('the arrows of this repository', () => {
  test('run one way, without cycles, and every import is declared', () => {
    expect(checkArrows(readPackages())).toEqual([]);
  });
});

describe('the checker', () => {
  test('accepts an import of a folder below, of a declared package and of Node', () => {
    expect(
      planted({ 'top/a.ts': "import { b } from '../low/b.js';", 'low/b.ts': "import 'yaml'; import 'node:fs';" }),
    ).toEqual([]);
  });

  test.each([
    ['an arrow the wrong way', { 'top/a.ts': "import { x } from '@fwk/http';" }, /kernel may import no other package/],
    ['a dependency nobody declared', { 'top/a.ts': "await import('pino');" }, /does not declare/],
    ['an import of a folder above', { 'low/b.ts': "import '../top/a.js';", 'top/a.ts': '' }, /does not stand below/],
    ['a circle of files', { 'top/a.ts': "import './b.js';", 'top/b.ts': "export * from './a.js';" }, /in a circle/],
    ['a folder that the map does not name', { 'else/c.ts': '' }, /does not say where else\/ stands/],
  ])('finds %s', (_what, files, problem) => {
    expect(planted(files as Record<string, string>).join('\n')).toMatch(problem);
  });

  test('is not fooled by imports in comments, strings and templates', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the source under test holds a template
    const text = "// import 'pino'\nconst a = \"import 'pino'\"; const b = `import 'pino' ${a}`; /* import 'pino' */";
    expect(planted({ 'top/a.ts': text })).toEqual([]);
  });
});
