import { afterEach, beforeEach, describe, expect, expectTypeOf, type MockInstance, test, vi } from 'vitest';
import { kernelErrors } from '../errors/error-table.js';
import { isFwkError } from '../errors/fwk-error.js';
import { currentOf, type Live } from '../live/live.js';
import { liveValue } from '../live/live-source.js';
import { checkOptions, judgedTogether, OptionsError, type TogetherRule } from './check-options.js';
import {
  anything,
  callable,
  fixed,
  flag,
  integerIn,
  millisecondsIn,
  numberIn,
  oneOf,
  optional,
  ratio,
  text,
} from './rules.js';

interface RetryOptions {
  readonly maxAttempts: number | Live<number>;
  readonly baseDelayMs: number;
  readonly name?: string | undefined;
}
const defaults = Object.freeze({ maxAttempts: 3, baseDelayMs: 25 });
const rules = { maxAttempts: integerIn(1, 10), baseDelayMs: millisecondsIn(0, 1000), name: optional(text) };
const check = (given?: object) => checkOptions<RetryOptions>('retry', given, defaults, rules);

function problemsOf(given: object): readonly string[] {
  try {
    check(given);
  } catch (error) {
    if (error instanceof OptionsError) return error.problems;
    throw error;
  }
  return [];
}

test('fills in defaults, takes undefined for default, and freezes the result', () => {
  const options = check({ maxAttempts: 5, baseDelayMs: undefined });
  expect(options).toEqual({ maxAttempts: 5, baseDelayMs: 25 });
  expect(Object.isFrozen(options)).toBe(true);
  expect(check()).toEqual({ maxAttempts: 3, baseDelayMs: 25 });
  expectTypeOf(options).toEqualTypeOf<Readonly<RetryOptions>>();
});

test('does not change what it was given, nor the defaults', () => {
  const given = { maxAttempts: 5 };
  expect(check(given)).not.toBe(given);
  expect(given).toEqual({ maxAttempts: 5 });
  expect(defaults).toEqual({ maxAttempts: 3, baseDelayMs: 25 });
});

test('tells all problems at once, each with field, range and value', () => {
  const thrown = (() => {
    try {
      return check({ maxAttempts: 0, baseDelayMs: -1, name: '', maxAttemps: 5 });
    } catch (error) {
      return error;
    }
  })();
  expect(isFwkError(thrown, 'FWK_KERNEL_OPTIONS_INVALID')).toBe(true);
  expect(kernelErrors).toHaveProperty('FWK_KERNEL_OPTIONS_INVALID');
  const { problems, message, details } = thrown as OptionsError;
  expect(problems).toEqual([
    'unknown option "maxAttemps", did you mean "maxAttempts"? (known: maxAttempts, baseDelayMs, name)',
    'maxAttempts must be a whole number from 1 to 10, not 0',
    'baseDelayMs must be a number from 0 to 1000 ms, not -1',
    'name must be a non-empty string, not ""',
  ]);
  expect(message).toBe(`retry: ${problems.join('; ')}`);
  expect(details).toEqual({ owner: 'retry', problems });
});

test.each([Number.NaN, -1, 1.5, 11, Number.POSITIVE_INFINITY, '3', null, true, {}, []])(
  'refuses %j where a whole number from 1 to 10 is wanted',
  (maxAttempts) => {
    expect(problemsOf({ maxAttempts })).toHaveLength(1);
  },
);

test('refuses a live value where it would be read only once', () => {
  const once = { ...rules, baseDelayMs: fixed(millisecondsIn(0, 1000)) };
  const build = (baseDelayMs: unknown) =>
    checkOptions<RetryOptions>('retry', { baseDelayMs } as object, defaults, once);
  expect(build(500).baseDelayMs).toBe(500);
  expect(() => build(2000)).toThrowError('baseDelayMs must be a number from 0 to 1000 ms, not 2000');
  expect(() => build(liveValue(500))).toThrowError(/baseDelayMs must be .*, not a live value of 500/);
});

test('refuses a live value of a function, and where a fixed option may be left out', () => {
  const once = { keyOf: callable, match: optional(callable), size: optional(fixed(integerIn(1))) };
  const given = { keyOf: liveValue(() => 'key'), match: liveValue(() => true), size: liveValue(5) };
  expect(() => checkOptions<object>('owner', given, {}, once)).toThrowError(
    'owner: keyOf must be a function, not a live value of a function; match must be a function, not a live value of ' +
      'a function; size must be a whole number of at least 1, not a live value of 5',
  );
});

test('checks what a live value holds now and keeps it live', () => {
  const maxAttempts = liveValue(2);
  const guarded = check({ maxAttempts }).maxAttempts as Live<number>;
  expect(guarded.value).toBe(2);
  maxAttempts.set(4);
  expect(guarded.value).toBe(4);
  maxAttempts.set(Number.NaN);
  expect(problemsOf({ maxAttempts })).toEqual([
    'maxAttempts must be a whole number from 1 to 10, not a live value of NaN',
  ]);
});

test('refuses a live value that cannot be read, and one in place of the options', () => {
  const broken = liveValue(0).map((): number => {
    throw new Error('no such setting');
  });
  expect(problemsOf({ maxAttempts: broken, baseDelayMs: -1 })).toEqual([
    'maxAttempts cannot be read (no such setting)',
    'baseDelayMs must be a number from 0 to 1000 ms, not -1',
  ]);
  expect(problemsOf(liveValue({ maxAttempts: 2 }))).toEqual([
    'options must be an object, not a live value of an object',
  ]);
});

test('leaves a live value as it is where anything is allowed', () => {
  const live = liveValue('text');
  expect(checkOptions<{ given: unknown }>('owner', { given: live }, {}, { given: anything }).given).toBe(live);
});

test('refuses a __proto__ field from parsed JSON and pollutes nothing', () => {
  const given = JSON.parse('{ "__proto__": { "maxAttempts": 9 }, "constructor": 1 }');
  expect(problemsOf(given)).toEqual([
    expect.stringContaining('unknown option "__proto__"'),
    expect.stringContaining('unknown option "constructor"'),
  ]);
  expect(({} as { maxAttempts?: number }).maxAttempts).toBeUndefined();
});

test.each([null, 5, 'text', [], () => {}])('refuses %j in place of an options object', (given) => {
  expect(() => check(given as object)).toThrow(/^retry: options must be an object, not /);
});

test('demands a field that has neither value nor default', () => {
  const demand = () => checkOptions<{ name: string }>('breaker', {}, {}, { name: text });
  expect(demand).toThrow('breaker: name must be a non-empty string, not undefined');
});

test('cuts long strings in its messages', () => {
  expect(problemsOf({ baseDelayMs: 'x'.repeat(1000) })[0]?.length).toBeLessThan(150);
});

test.each([
  ['numberIn', numberIn(0.5, 2), [0.5, 2, 1], [0.4, 2.1, Number.NaN, '1']],
  ['numberIn without end', numberIn(1), [1, Number.POSITIVE_INFINITY], [0, Number.NaN]],
  ['integerIn', integerIn(1), [1, 7, Number.POSITIVE_INFINITY], [0, 1.5, Number.NaN, Number.NEGATIVE_INFINITY]],
  ['millisecondsIn', millisecondsIn(0), [0, 0.5, 2 ** 31 - 1], [-1, 2 ** 31, Number.POSITIVE_INFINITY, Number.NaN]],
  ['millisecondsIn without end', millisecondsIn(1, Number.POSITIVE_INFINITY), [Number.POSITIVE_INFINITY], [0]],
  ['ratio', ratio, [0, 0.5, 1], [-0.1, 1.1, Number.NaN]],
  ['flag', flag, [true, false], [0, 'true', undefined]],
  ['callable', callable, [() => {}], [{}, undefined]],
  ['text', text, ['a'], ['', 5, undefined]],
  ['anything', anything, [undefined, null, 5], []],
  ['oneOf', oneOf('a', 'b'), ['a', 'b'], ['c', '', undefined, 'toString']],
  ['optional', optional(ratio), [undefined, 0.5], [null, 2]],
])('%s takes what is in its range and says in words what it wants', (_name, rule, good, bad) => {
  expect(good.map(rule)).toEqual(good.map(() => undefined));
  for (const value of bad) expect(rule(value)).toMatch(/^\S.*\S$/);
});

describe('options that must fit together', () => {
  interface Bounds {
    readonly min: number | Live<number>;
    readonly max: number | Live<number>;
  }
  const together: TogetherRule<Bounds> = ({ min, max }) => (min > max ? [`min ${min} is above max ${max}`] : []);
  const bounds = (given: Partial<Bounds>) =>
    checkOptions<Bounds>(
      'range',
      given,
      { min: 1, max: 10 },
      { min: integerIn(0, 100), max: integerIn(0, 100) },
      together,
    );
  const now = ({ min, max }: Bounds) => [currentOf(min), currentOf(max)];

  let warnings: MockInstance;
  beforeEach(() => {
    warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  });
  afterEach(() => warnings.mockRestore());

  test('are refused as they are now, live or not', () => {
    expect(() => bounds({ min: 11 })).toThrowError('range: min 11 is above max 10');
    expect(() => bounds({ min: liveValue(11) })).toThrowError('range: min 11 is above max 10');
  });

  test('keep their last values when a live one no longer fits, which is told once', () => {
    const max = liveValue(10);
    const range = bounds({ min: 5, max });
    max.set(4);
    expect([now(range), now(range)]).toEqual([
      [5, 10],
      [5, 10],
    ]);
    expect(warnings.mock.calls.map(([text]) => text)).toEqual([
      'range: max cannot be 4: min 5 is above max 4; it stays 10',
    ]);
    max.set(6);
    expect(now(range)).toEqual([5, 6]);
  });

  test('are taken once both have changed, whoever looks in between', () => {
    const [min, max] = [liveValue(1), liveValue(10)];
    const range = bounds({ min, max });
    min.set(20);
    expect(now(range)).toEqual([1, 10]);
    max.set(30);
    expect(now(range)).toEqual([20, 30]);
  });

  test('are taken together when both changed before anybody looked, and nothing is told', () => {
    const [min, max] = [liveValue(1), liveValue(10)];
    const range = bounds({ min, max });
    min.set(20);
    max.set(30);
    expect(now(range)).toEqual([20, 30]);
    expect(warnings).not.toHaveBeenCalled();
  });

  test('tell a listener when the change of another lets in what was not taken', () => {
    const [min, max] = [liveValue(1), liveValue(10)];
    const range = bounds({ min, max });
    const told: number[] = [];
    using _ = (range.min as Live<number>).subscribe((value) => told.push(value));
    min.set(20);
    max.set(30);
    expect(told).toEqual([20]);
  });

  test('hold back one that does not fit, and no other', () => {
    const [min, max] = [liveValue(1), liveValue(10)];
    const range = bounds({ min, max });
    min.set(50);
    max.set(8);
    expect(now(range)).toEqual([1, 8]);
  });

  test('are not judged again where whoever hands them on has judged them', () => {
    const min = judgedTogether(liveValue(5));
    expect(now(bounds({ min, max: 3 }))).toEqual([5, 3]);
  });
});
