import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answerBody, callBody, frame, init, probe } from '../fixtures/frames.js';

const program = fileURLToPath(new URL('../../bin/fwk-mux.js', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-mux-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(args: readonly string[], input?: Uint8Array | string) {
  const child = spawn(process.execPath, [program, ...args]);
  let out = '';
  let error = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    error += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  await once(child, 'close');
  return { code: child.exitCode, out, error };
}

function context(key: string, value: Buffer | string): Buffer {
  const part = (bytes: Buffer) => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
  return Buffer.concat([part(Buffer.from(key)), part(Buffer.from(value))]);
}

const contexts = [
  context('com.twitter.finagle.Deadline', Buffer.from('18ec7c6c7c9d96c018ec7c6cd605c5c0', 'hex')),
  context(
    'com.twitter.finagle.tracing.TraceContext',
    Buffer.from(`${'00000000000000aa'.repeat(3)}0000000000000006`, 'hex'),
  ),
  context('authorization', 'Bearer abcdefghijklmnop1234'),
  context('fwk-caller', 'shop'),
];
const target = '/stock/lamp?token=4f3c2b1a99887766';
const dispatch = frame(
  2,
  2,
  Buffer.concat([
    Buffer.from([0, contexts.length]),
    ...contexts,
    Buffer.from([0, 6]),
    Buffer.from('/a/b\u001b['),
    Buffer.from([0, 0, 0, target.length]),
    Buffer.from(`${target}{"password":"hunter22","count":1}`),
  ]),
);
const nack = frame(
  -2,
  2,
  Buffer.concat([Buffer.from([2, 0, 1]), context('MuxFailure', Buffer.from('0000000000000003', 'hex'))]),
);
const capture = Buffer.concat([
  probe,
  init(68, 131_072),
  dispatch,
  frame(-62, 0, Buffer.concat([Buffer.from([0, 0, 2]), Buffer.from('the caller gave up')])),
  nack,
  frame(-2, 2 ** 23 + 3, answerBody(0, 'first')),
  frame(65, 1),
  frame(-2, 2 ** 23 + 3, 'further'),
  frame(-2, 3, Buffer.from([0xff, 0xfe])),
  frame(67, 0, Buffer.from('000000000000001388', 'hex')),
]);

async function decoded(input: Uint8Array | string, ...args: string[]) {
  const { code, out, error } = await run(['decode', '-', '--json', ...args], input);
  const frames = out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, error, frames };
}

describe('fwk-mux decode', () => {
  test('prints the type and the content of each frame, and masks secrets', async () => {
    const { code, error, frames } = await decoded(capture);
    expect([code, error]).toEqual([0, '']);
    expect(frames.map(({ type }) => type)).toEqual([
      'Rerr',
      'Tinit',
      'Tdispatch',
      'Tdiscarded',
      'Rdispatch',
      'Rdispatch',
      'Tping',
      'Rdispatch',
      'Rdispatch',
      'Tlease',
    ]);
    expect(frames[1]).toEqual({
      offset: 19,
      type: 'Tinit',
      number: 68,
      tag: 1,
      size: 28,
      version: 1,
      headers: { 'mux-framer': 131_072 },
    });
    expect(frames[2]).toMatchObject({
      offset: 51,
      tag: 2,
      destination: '/a/b\u001b[',
      contexts: {
        'com.twitter.finagle.Deadline': { set: '2026-11-29T10:12:36.803Z', remainingMs: 1500 },
        'com.twitter.finagle.tracing.TraceContext': { spanId: '00000000000000aa', sampled: true },
        authorization: '******',
        'fwk-caller': 'shop',
      },
      target: '/stock/lamp?token=******',
      payload: '{"password":"******","count":1}',
    });
    expect(frames[3]).toMatchObject({ tag: 0, discarded: 2, why: 'the caller gave up' });
    expect(frames[4]).toMatchObject({
      status: 'nack',
      contexts: { MuxFailure: { flags: 3, means: ['retryable', 'rejected'] } },
    });
    expect(frames.slice(5).map(({ fragment, payload }) => [fragment, payload])).toEqual([
      ['first', 'first'],
      [undefined, undefined],
      ['further', 'further'],
      ['last', '0xfffe'],
      [undefined, undefined],
    ]);
    expect(frames[9]).toMatchObject({ unit: 0, lease: 5000 });
  }, 30_000);

  test('shows secrets with --show-secrets', async () => {
    const { frames } = await decoded(capture, '--show-secrets');
    expect(frames[2]).toMatchObject({
      contexts: { authorization: 'Bearer abcdefghijklmnop1234' },
      target,
      payload: '{"password":"hunter22","count":1}',
    });
  }, 30_000);

  test('reads a file, and hexadecimal digits as xxd prints them, in the same way', async () => {
    const file = join(folder, 'capture');
    await writeFile(file, capture);
    const raw = await run(['decode', file]);
    const hex = capture.toString('hex').replace(/.{60}/g, '$&\n');
    expect(await run(['decode', '-'], hex)).toEqual(raw);
    expect(raw.code).toBe(0);
    expect(raw.out).toContain('00000051  Tdispatch  tag 2');
    // Nothing of a capture commands the terminal.
    expect(raw.out).toContain('destination: /a/b\\u001b[');
    expect(raw.out).not.toContain('\u001b');
    expect(raw.out).not.toMatch(/hunter22|abcdefghijklmnop|4f3c2b1a/);
  }, 30_000);

  test.each([
    ['an end amid a frame', capture.subarray(0, capture.length - 3), 9, /ends amid a frame at offset \d+/],
    ['nothing', '', 0, /the input is empty/],
    ['HTTP', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n', 0, /this is not Mux at offset 0: a frame has a size of 1195725856/],
    ['an unknown type at first', frame(3, 2), 1, /its first frame has an unknown type/],
    [
      'a call that is cut off',
      Buffer.concat([frame(65, 1), frame(2, 2, Buffer.from([0, 1]))]),
      2,
      /1 of the frames could not be understood/,
    ],
    ['half a digit', `${frame(65, 1).toString('hex')}0`, 1, /ends amid a frame/],
    ['other letters among digits', `${frame(65, 1).toString('hex')}xyz`, 0, /"x" stands among hexadecimal digits/],
  ])(
    'tells of %s by its exit code and in words, after the frames before',
    async (_, input, count, problem) => {
      const { code, error, frames } = await decoded(input);
      expect([code, frames.length]).toEqual([1, count]);
      expect(error).toMatch(problem);
    },
    30_000,
  );

  test('prints its usage', async () => {
    expect(await run(['--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('fwk-mux decode FILE|-'),
      error: '',
    });
    for (const args of [[], ['encode', 'x'], ['decode'], ['decode', 'a', 'b'], ['decode', '-', '--colour']]) {
      expect(await run(args)).toMatchObject({
        code: 2,
        out: '',
        error: expect.stringContaining('fwk-mux decode FILE|-'),
      });
    }
    expect(await run(['decode', join(folder, 'none')])).toMatchObject({
      code: 1,
      error: expect.stringContaining('ENOENT'),
    });
  }, 60_000);

  test('keeps no more than a frame of a long capture', async () => {
    const child = spawn(process.execPath, ['--max-old-space-size=64', program, 'decode', '-', '--json']);
    let lines = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 10) lines++;
    });
    const part = Buffer.concat(
      Array.from({ length: 100 }, (_, index) => frame(2, 2 + index, callBody('/a', 'x'.repeat(20_000)))),
    );
    for (let written = 0; written < 60; written++) if (!child.stdin.write(part)) await once(child.stdin, 'drain');
    child.stdin.end();
    await once(child, 'close');
    expect([child.exitCode, lines]).toEqual([0, 6000]);
  }, 60_000);
});
