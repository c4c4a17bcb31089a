import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { liveValue } from '../live/live-source.js';
import { checkOptions } from '../options/check-options.js';
import { numberIn } from '../options/rules.js';
import { type LogFields, noLogger } from '../telemetry/logger.js';
import { recordEvents } from '../testing/record-events.js';
import { makeEnv } from './env.js';
import { reportRefusals } from './report-refusals.js';

beforeEach(() => void vi.spyOn(process, 'emitWarning').mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

function setUp() {
  const source = liveValue(2);
  const options = checkOptions<{ limit: unknown }>('shop', { limit: source }, {}, { limit: numberIn(1, 10) });
  const events = recordEvents();
  const warnings: LogFields[] = [];
  const logger = { ...noLogger, warn: (fields: LogFields) => void warnings.push(fields) };
  const env = makeEnv({ events, logger, path: 'shop/stock' });
  const read = () => (options.limit as typeof source).value;
  return { source, options, events, warnings, env, read };
}

const refusal = {
  path: 'shop/stock',
  option: 'shop: limit',
  problem: 'must be a number from 1 to 10, not 11',
  kept: '2',
};

test('a value that a live option refuses is told to log and events, once, and the last one stays', () => {
  const { source, options, events, warnings, env, read } = setUp();
  reportRefusals(options, env);
  source.set(11);
  expect([read(), read()]).toEqual([2, 2]);
  expect(events.all).toMatchObject([{ name: 'option.refused', data: refusal }]);
  expect(warnings).toEqual([refusal]);
  expect(process.emitWarning).toHaveBeenCalledTimes(1);
  source.set(3);
  read();
  source.set(12);
  expect(read()).toBe(3);
  expect(warnings).toHaveLength(2);
});

test('one that was refused before there was a log is told when there is, unless it is over', () => {
  const { source, options, warnings, env, read } = setUp();
  source.set(11);
  read();
  reportRefusals(options, env);
  expect(warnings).toEqual([refusal]);
  reportRefusals(options, env);
  expect(warnings).toHaveLength(1);
  const other = setUp();
  other.source.set(11);
  other.read();
  other.source.set(4);
  other.read();
  reportRefusals(other.options, other.env);
  expect(other.warnings).toEqual([]);
});

test('of several stacks that read an option, the last is told', () => {
  const { source, options, events, env, read } = setUp();
  const later = recordEvents();
  reportRefusals(options, env);
  reportRefusals(options, { ...env, events: later });
  source.set(0);
  read();
  expect(events.names).toEqual([]);
  expect(later.names).toEqual(['option.refused']);
});
