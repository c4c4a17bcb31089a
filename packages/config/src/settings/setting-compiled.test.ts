import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Compiler, compileFixture, runProgram, temporaryFolder } from '../fixtures/compile.js';

const compilers: Compiler[] = ['tsc-legacy', 'tsc-standard', 'esbuild-legacy', 'esbuild-standard'];

test.each(compilers)(
  '@Setting and setting() work as %s compiles them, and misplaced ones do not compile',
  async (compiler) => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'config.yaml');
    await writeFile(file, 'checkout:\n  maxItems: 5\n  greeting: 12\n');
    using program = runProgram(await compileFixture('decorated', compiler, folder.path), [file]);
    expect(await program.next()).toEqual({
      plain: [20, 'hello', true, 7],
      // Text was asked for and a number is configured, a boolean was asked for and text is: the defaults stay.
      built: [5, 'hello', true, 7],
      express: [-5, 'hello', true, 7],
    });
    expect(await program.next()).toEqual({ built: [6, 'hello', true, 1], express: [2, 'hello', true, 1] });
    expect(await program.ended).toBe(0);
  },
);
