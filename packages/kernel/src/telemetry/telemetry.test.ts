import { expect, test } from 'vitest';
import { noLogger } from './logger.js';
import { durationBuckets, noMeter } from './meter.js';

test('logs nothing, through children too', () => {
  const logger = noLogger.child({ path: 'checkout' });
  for (const level of ['debug', 'info', 'warn', 'error'] as const) expect(logger[level]({}, 'message')).toBeUndefined();
});

test('measures nothing with instruments that can all be used', () => {
  const spec = { name: 'calls', help: 'Calls made.' };
  noMeter.counter(spec).add();
  noMeter.gauge(spec).set(1);
  noMeter.gauge(spec).add(-1);
  noMeter.histogram(spec).observe(0.5);
  expect(noMeter.observe('gauge', spec, {}, () => 1)[Symbol.dispose]()).toBeUndefined();
});

test('has rising, frozen buckets', () => {
  expect([...durationBuckets].sort((left, right) => left - right)).toEqual(durationBuckets);
  expect(Object.isFrozen(durationBuckets)).toBe(true);
});
