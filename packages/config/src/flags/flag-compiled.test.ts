import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Compiler, compileFixture, runProgram, temporaryFolder } from '../fixtures/compile.js';

const compilers: Compiler[] = ['tsc-legacy', 'tsc-standard', 'esbuild-legacy', 'esbuild-standard'];

const yaml = `
flags:
  limit:
    variants: { few: 5, many: 50 }
    default: few
    rules:
      - if: { attribute: targetingKey, equals: me }
        serve: many
  banner: { variants: { long: 1 }, default: long }
  express: { default: on }
`;

test.each(compilers)(
  '@Flag and flag() work as %s compiles them, and misplaced ones do not compile',
  async (compiler) => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'config.yaml');
    await writeFile(file, yaml);
    using program = runProgram(await compileFixture('flagged', compiler, folder.path), [file]);
    expect(await program.next()).toEqual({
      plain: [20, 'hello', 21, false],
      // Text was asked for and the flag has a number: the default stays.
      built: [5, 'hello', 50, true],
      express: [-5, 'hello', 50, true],
    });
    expect(await program.next()).toEqual({ inCall: [50, 'hello', 50, true] });
    expect(await program.ended).toBe(0);
  },
);
