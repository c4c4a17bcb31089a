/** The questions, in a terminal of the test. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { main } from './main.js';

let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'fwk-create-'));
  vi.spyOn(process, 'cwd').mockReturnValue(place);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(place, { recursive: true, force: true });
});

/** A terminal that types an answer when it is asked something. */
function terminal(answers: readonly (readonly [question: string, keys: string])[]) {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 });
  let shown = '';
  const left = [...answers];
  output.on('data', (chunk) => {
    shown += stripVTControlCharacters(String(chunk));
    const [next] = left;
    if (!next || !shown.includes(next[0])) return;
    left.shift();
    shown = '';
    setImmediate(() => input.write(next[1]));
  });
  return { input, output, left };
}

/** The program with what it writes. */
async function run(args: readonly string[], asked: ReturnType<typeof terminal>) {
  let written = '';
  const note = (chunk: unknown) => {
    written += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(note);
  vi.spyOn(process.stderr, 'write').mockImplementation(note);
  return { code: await main(args, '0.1.0', asked), written };
}

const down = '\u001b[B';

test('asks for the kind and the name, and takes no bad name', async () => {
  const asked = terminal([
    ['What do you want to make?', `${down}\r`],
    ['What is the contract called?', 'Bad Name\r'],
    ['it must be lower-case words', `${'\u007f'.repeat(8)}orders\r`],
  ]);
  const { code, written } = await run([], asked);
  expect([code, asked.left]).toEqual([0, []]);
  expect(written).toContain('Made orders with 8 files');
  expect(await readdir(join(place, 'orders'))).toContain('released.json');
});

test('asks only for what was not said', async () => {
  const asked = terminal([['What is the service called?', 'orders\r']]);
  expect(await run(['--kind', 'service'], asked)).toMatchObject({ code: 0 });
  expect(asked.left).toEqual([]);
});

test.each([
  ['Ctrl-C', '\u0003'],
  ['Escape', '\u001b'],
])('%s ends it with nothing made', async (_, key) => {
  for (const args of [[], ['--kind', 'service']]) {
    const { code, written } = await run(args, terminal([['What', key]]));
    expect(code).toBe(130);
    expect(written).toContain('Ended; nothing was made.');
  }
  expect(await readdir(place)).toEqual([]);
});
