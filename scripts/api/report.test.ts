import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exportsOf } from './report.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fwk-api-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What an entry exports, of declaration files. */
function exported(files: Record<string, string>): Record<string, string> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return Object.fromEntries(exportsOf(join(folder, 'index.d.ts')));
}

test('names stand with the declarations that they come from, without comments', () => {
  const found = exported({
    'index.d.ts': "export { made, type Made as Product } from './made.js';\nexport declare const own: 1;\nexport {};\n",
    'made.d.ts': [
      '/** Makes one. */',
      'export interface Made {',
      '    /** Of the maker, as in "a // b". */',
      '    readonly name: "a // b"; // not kept',
      '}',
      'export declare function made(name: string): Made;',
      'export declare function made(): undefined;',
      'declare const inner: 2;',
      '//# sourceMappingURL=made.d.ts.map',
    ].join('\n'),
  });
  expect(found).toEqual({
    made: 'export declare function made(name: string): Made;\nexport declare function made(): undefined;',
    Product: 'export interface Made {\n    readonly name: "a // b";\n}\nexport { Made as Product };',
    own: 'export declare const own: 1;',
  });
});

test('what is passed on of other packages is said as it is, and of own files in full', () => {
  expect(
    exported({
      'index.d.ts': "export * from '@fwk/kernel';\nexport { stack } from '@fwk/kernel';\nexport * from './all.js';\n",
      'all.d.ts': 'declare const inner: 2;\nexport { inner as outer };\n',
    }),
  ).toEqual({
    "export * from '@fwk/kernel';": "export * from '@fwk/kernel';",
    stack: "export { stack } from '@fwk/kernel';",
    outer: 'declare const inner: 2;\nexport { inner as outer };',
  });
});

test('a name that is not found is no empty declaration', () => {
  expect(() => exported({ 'index.d.ts': "export { gone } from './a.js';", 'a.d.ts': 'export {};' })).toThrow(
    /exports gone/,
  );
});
