import { fakeClock } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { createLogger } from './logger.js';

function pretty(body: (logger: ReturnType<typeof createLogger>) => void): string {
  const written: string[] = [];
  const destination = { write: (line: string) => void written.push(line) };
  body(
    createLogger({ clock: fakeClock(), destination, format: 'pretty', bindings: { service: 'shop', version: '1' } }),
  );
  return written.join('');
}

test('a line for people has time, level, logger, message and fields', () => {
  const text = pretty((logger) => {
    logger.child({ logger: 'http' }).info({ status: 200, path: '/a', note: 'two words' }, 'answered');
  });
  expect(text).toBe('22:13:20.000 INFO  http: answered status=200 path=/a note="two words"\n');
});

test('an error is shown with its stack, facts, causes and errors, indented', () => {
  const cause = Object.assign(new Error('port closed'), { code: 'ECONNREFUSED' });
  const err = new AggregateError([new TypeError('first'), 'a text'], 'all failed', { cause });
  const lines = pretty((logger) => logger.error({ err }, 'failed')).split('\n');
  expect(lines[0]).toBe('22:13:20.000 ERROR failed');
  expect(lines[1]).toBe('    err: AggregateError: all failed');
  expect(lines).toContain('        cause: Error: port closed');
  expect(lines).toContain('          code: ECONNREFUSED');
  expect(lines).toContain('        errors[0]: TypeError: first');
  expect(lines.slice(1).every((line) => line === '' || line.startsWith('    '))).toBe(true);
});

test('what is logged forges no line, moves no cursor and turns no text, wherever it stands', () => {
  const hostile = 'x\n22:13:20.000 INFO  paid\r\u001b[2J\u009b1A\u202egpj\u2028';
  const err = Object.assign(new Error(hostile), { [hostile]: hostile });
  const text = pretty((logger) => {
    logger.child({ [hostile]: hostile }).warn({ hostile, nested: { [hostile]: [hostile] }, err }, hostile);
  });
  expect(text).toMatch(/^[\x20-\x7e\n]+$/);
  const lines = text.trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('    '))).toHaveLength(1);
});
