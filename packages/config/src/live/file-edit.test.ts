/** A real process, a real file, real edits: what a developer with an editor sees. */
import { writeFileSync } from 'node:fs';
import { chmod, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileFixture, runProgram, temporaryFolder } from '../fixtures/compile.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let watcher: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  watcher = await compileFixture('watcher', 'esbuild-standard', folder.path);
});
afterAll(() => folder[Symbol.asyncDispose]());

const write = (file: string, maxItems: unknown) => writeFile(file, `shop:\n  maxItems: ${maxItems}\n`);

describe('a running process', () => {
  test('sees an edit of its file within 300 ms, refuses a bad one, and goes on after it', async () => {
    const file = join(folder.path, 'edited.yaml');
    await write(file, 1);
    using program = runProgram(watcher, [file]);
    expect(await program.next()).toEqual({ ready: { shop: { maxItems: 1 } } });

    const tookMs: number[] = [];
    for (const maxItems of [2, 3, 4, 5, 6]) {
      const startedMs = performance.now();
      await write(file, maxItems);
      expect(await program.next()).toEqual({ maxItems });
      tookMs.push(performance.now() - startedMs);
      expect(await program.next()).toEqual({ event: 'config.changed', version: maxItems, paths: ['shop.maxItems'] });
    }
    // The median, as a busy machine may hold back any single one.
    expect(tookMs.sort((a, b) => a - b)[2]).toBeLessThan(300);

    await write(file, '[');
    expect(await program.next()).toMatchObject({
      event: 'config.refused',
      code: 'FWK_CONFIG_SYNTAX',
      path: file,
      reason: expect.stringContaining(`${file}:`),
    });
    program.tell('state');
    expect(await program.next()).toMatchObject({
      maxItems: 6,
      stale: expect.stringContaining('the last good one stays'),
    });

    await write(`${file}.new`, 7);
    await rename(`${file}.new`, file);
    expect(await program.next()).toEqual({ maxItems: 7 });
    expect(await program.next()).toMatchObject({ event: 'config.changed' });
    expect(await program.next()).toMatchObject({ event: 'config.recovered' });
    program.tell('close');
    expect(await program.ended).toBe(0);
  });

  test('keeps what it knew when its file vanishes, says that it is stale, and follows when it is back', async () => {
    const file = join(folder.path, 'vanishing.json');
    await writeFile(file, '{"shop": {"maxItems": 1}}');
    using program = runProgram(watcher, [file]);
    await program.next();
    await unlink(file);
    expect(await program.next()).toMatchObject({
      event: 'config.refused',
      code: 'FWK_CONFIG_FILE_MISSING',
      path: file,
    });
    program.tell('state');
    expect(await program.next()).toMatchObject({ maxItems: 1, stale: expect.stringContaining('stays in effect') });
    await writeFile(file, '{"shop": {"maxItems": 2}}');
    expect(await program.next()).toEqual({ maxItems: 2 });
    expect(await program.next()).toMatchObject({ event: 'config.changed' });
    expect(await program.next()).toMatchObject({ event: 'config.recovered' });
  });

  test('follows one file while another has vanished', async () => {
    const files = ['one.yaml', 'two.yaml'].map((name) => join(folder.path, name)) as [string, string];
    await writeFile(files[0], 'other: kept\n');
    await write(files[1], 1);
    using program = runProgram(watcher, files);
    await program.next();
    await unlink(files[0]);
    expect(await program.next()).toMatchObject({ event: 'config.refused', path: files[0] });
    await write(files[1], 2);
    expect(await program.next()).toEqual({ maxItems: 2 });
    expect(await program.next()).toMatchObject({ event: 'config.changed', paths: ['shop.maxItems'] });
    program.tell('state');
    expect(await program.next()).toMatchObject({ stale: expect.stringContaining('one.yaml') });
  });

  test('is not told of the halves of a write that takes several steps', async () => {
    const file = join(folder.path, 'slow.yaml');
    await write(file, 1);
    using program = runProgram(watcher, [file]);
    await program.next();
    // Truncated, then half a document that is itself well-formed, then all of it; nothing else runs here meanwhile.
    for (const text of ['', 'shop:\n', 'shop:\n  maxItems: 2\n']) writeFileSync(file, text);
    expect(await program.next()).toEqual({ maxItems: 2 });
    expect(await program.next()).toMatchObject({ event: 'config.changed', version: 2 });
  });

  test('that may not read its file says so and ends', async () => {
    const file = join(folder.path, 'private.yaml');
    await write(file, 1);
    await chmod(file, 0);
    // Root may read everything, so the program runs as somebody else.
    const uid = process.getuid?.() === 0 ? 65_534 : undefined;
    using program = runProgram(watcher, [file], uid);
    expect(await program.next()).toMatchObject({
      code: 'FWK_CONFIG_FILE_UNREADABLE',
      message: `${file}: the process may not read it (EACCES)`,
    });
    expect(await program.ended).toBe(0);
  });
});

test('a program that waits for nothing but its schema is told when that does not answer', async () => {
  await using own = await temporaryFolder();
  using program = runProgram(await compileFixture('unanswered', 'esbuild-standard', own.path));
  expect(await program.next()).toEqual({ code: 'FWK_CONFIG_LOAD_TIMEOUT' });
  expect(await program.ended).toBe(0);
});
