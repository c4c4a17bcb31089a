import { expect, test } from 'vitest';
import { liveValue } from '../live/live-source.js';
import { formatStack } from './layer-description.js';
import type { Layer } from './service.js';
import { stack } from './stack.js';

function plain(role: string, settings?: Readonly<Record<string, unknown>>): Layer<string, string> {
  return { role, wrap: (next) => next, ...(settings && { describe: () => settings }) };
}

test('describes its layers outermost first, without settings for those that tell none', () => {
  const described = stack<string, string>()
    .use(plain('tagging', { tag: 'a' }))
    .use(plain('silent'))
    .describe();
  expect(described).toEqual([
    { role: 'tagging', settings: { tag: 'a' } },
    { role: 'silent', settings: {} },
  ]);
  expect(formatStack(described)).toBe('tagging(tag=a)\nsilent()');
});

test('prints live settings by their current value and objects by their fields', () => {
  const limit = liveValue(3);
  const description = [{ role: 'retry', settings: { maxAttempts: limit, budget: { ratio: 0.2 }, name: undefined } }];
  limit.set(5);
  expect(formatStack(description)).toBe('retry(maxAttempts=5, budget={ ratio: 0.2 }, name=undefined)');
});

test('shows scopes inside layers, however deep, by indented lines', () => {
  const host = stack<string, string>().use({ ...plain('pool'), inner: () => [{ role: 'socket', settings: {} }] });
  const described = stack<string, string>()
    .use(plain('retry', { maxAttempts: 3 }))
    .use({ ...plain('balance'), inner: () => stack<string, string>().use(plain('breaker')).describe() })
    .use({ ...plain('empty'), inner: () => [] })
    .use({ ...plain('hosts'), inner: () => host.describe() })
    .describe();
  expect(described[0]).not.toHaveProperty('inner');
  expect(described[1]).toEqual({ role: 'balance', settings: {}, inner: [{ role: 'breaker', settings: {} }] });
  expect(formatStack(described).split('\n')).toEqual([
    'retry(maxAttempts=3)',
    'balance()',
    '  breaker()',
    'empty()',
    'hosts()',
    '  pool()',
    '    socket()',
  ]);
});
