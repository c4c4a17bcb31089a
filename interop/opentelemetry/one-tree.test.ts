/**
 * Our spans beside OpenTelemetry's SDK, in the versions that applications use, with its instrumentations of http and undici: one
 * tree, and no span twice. Version 3 says that it needs Node 22; what is used of it runs on ours as well.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const wanted = [
  'INTERNAL job',
  '  INTERNAL shop.item',
  '    CLIENT GET /items/{id}',
  '      SERVER GET /items/{id}',
  '        INTERNAL shop.item',
  '          CLIENT GET /items/{id} failed',
  '            SERVER GET /items/{id} failed',
  '              INTERNAL query',
  '          CLIENT GET /items/{id}',
  '            SERVER GET /items/{id}',
  '              INTERNAL query',
  // Of the instrumentations alone.
  '              CLIENT GET',
  '                SERVER GET',
];

test.each([
  ['sdk-2', 'http'],
  ['sdk-2', 'mux'],
  ['sdk-3', 'http'],
  ['sdk-3', 'mux'],
])('%s: a call over two hops by %s, with a second attempt, is one tree of spans, each once', async (sdk, wire) => {
  const { stdout } = await promisify(execFile)(process.execPath, [here('one-tree.mjs'), here(sdk), wire]);
  expect(JSON.parse(stdout)).toEqual({ tree: wanted, spans: wanted.length, traces: 1 });
});
