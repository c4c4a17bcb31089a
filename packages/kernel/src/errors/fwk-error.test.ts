import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { CancelledError } from './cancelled-error.js';
import { DeadlineExceededError } from './deadline-exceeded-error.js';
import { kernelErrors } from './error-table.js';
import {
  doNotRetryMarks,
  FwkError,
  type FwkErrorOptions,
  isDoNotRetry,
  isFwkError,
  markDoNotRetry,
  messageOf,
} from './fwk-error.js';

class SpecialError extends FwkError {}

test('carries code, facts, traits and cause, and the name of its own class', () => {
  const cause = new Error('cause');
  const error = new SpecialError('FWK_TEST_SPECIAL', 'it happened', {
    cause,
    details: { limitMs: 5 },
    traits: { retryable: true },
  });
  expect(error).toMatchObject({
    code: 'FWK_TEST_SPECIAL',
    message: 'it happened',
    name: 'SpecialError',
    cause,
    details: { limitMs: 5 },
    traits: { retryable: true },
  });
  expect(error.stack).toMatch(/^SpecialError: it happened\n/);
  expect(error).toBeInstanceOf(Error);
});

describe('the stack of what was refused', () => {
  const refused = (options: FwkErrorOptions = {}) =>
    new SpecialError('FWK_TEST_FULL', 'all places are taken', { traits: { refusedBy: 'caller' }, ...options });

  test('is its name and message alone', () => {
    expect(refused().stack).toBe('SpecialError: all places are taken');
    expect(refused({ traits: { refusedBy: 'callee' } }).stack).toBe('SpecialError: all places are taken');
    const shown = inspect(refused({ cause: new Error('why') }));
    expect(shown).toContain('all places are taken');
    expect(shown).toMatch(/\[cause\]: Error: why\n +at /);
  });

  test('says where it was made where that is asked for, and is left out of any error that asks so', () => {
    expect(refused({ stackTrace: true }).stack).toContain('fwk-error.test');
    expect(new SpecialError('FWK_TEST_BARE', 'bare', { stackTrace: false }).stack).toBe('SpecialError: bare');
  });

  test('changes nothing for the errors after it', () => {
    const before = Error.stackTraceLimit;
    refused();
    expect(Error.stackTraceLimit).toBe(before);
    expect(new Error('next').stack).toContain('fwk-error.test');
  });

  test('is the usual one where the limit of frames cannot be set', () => {
    const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit') as PropertyDescriptor;
    Object.defineProperty(Error, 'stackTraceLimit', { ...limit, writable: false });
    onTestFinished(() => void Object.defineProperty(Error, 'stackTraceLimit', limit));
    expect(refused().message).toBe('all places are taken');
  });
});

test('has empty facts and traits, and no cause at all, where none were given', () => {
  const error = new FwkError('FWK_TEST_BARE', 'bare');
  expect([error.details, error.traits]).toEqual([{}, {}]);
  expect('cause' in error).toBe(false);
});

test('is known by its brand and code', () => {
  const error = new SpecialError('FWK_TEST_SPECIAL', 'it happened');
  expect(isFwkError(error)).toBe(true);
  expect(isFwkError(error, 'FWK_TEST_SPECIAL')).toBe(true);
  expect(isFwkError(error, 'FWK_TEST_OTHER')).toBe(false);
  for (const other of [new Error('x'), { code: 'FWK_TEST_SPECIAL' }, 'FWK_TEST_SPECIAL', null, undefined]) {
    expect(isFwkError(other)).toBe(false);
  }
});

test('is known, and stays marked, across duplicate copies of the package', async () => {
  vi.resetModules();
  const copy = await import('./fwk-error.js');
  const foreign = new copy.FwkError('FWK_TEST_FOREIGN', 'from the other copy');
  expect(foreign).not.toBeInstanceOf(FwkError);
  expect(isFwkError(foreign, 'FWK_TEST_FOREIGN')).toBe(true);
  const since = doNotRetryMarks();
  copy.markDoNotRetry(foreign);
  expect(isDoNotRetry(foreign, since)).toBe(true);
});

test('marks any error object, also a frozen one, without changing it', () => {
  const error = Object.freeze(new Error('frozen'));
  const since = doNotRetryMarks();
  expect(isDoNotRetry(error, since)).toBe(false);
  expect(markDoNotRetry(error)).toBe(error);
  expect(isDoNotRetry(error, since)).toBe(true);
  expect(isDoNotRetry(new Error('frozen'), since)).toBe(false);
});

test.each<[unknown]>([[new Error('down')], ['a text'], [undefined], [null], [Number.NaN]])(
  'marks %o for the calls that are under way, and for none that begins later',
  (thrown) => {
    const since = doNotRetryMarks();
    expect(isDoNotRetry(thrown, since)).toBe(false);
    expect(markDoNotRetry(thrown)).toBe(thrown);
    expect(isDoNotRetry(thrown, since)).toBe(true);
    expect(isDoNotRetry(thrown, doNotRetryMarks())).toBe(false);
    expect(isDoNotRetry('other', since)).toBe(false);
  },
);

test.each([
  [new Error('message'), 'message'],
  ['a string', 'a string'],
  [undefined, 'undefined'],
  [Symbol('sign'), 'Symbol(sign)'],
  [{ code: 5 }, '{ code: 5 }'],
  [Object.create(null), '[Object: null prototype] {}'],
])('tells the message of whatever was thrown: %#', (thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});

test('says by which deadline a call was stopped, in tenths of a millisecond', () => {
  const error = new DeadlineExceededError('inventory.reserve', 99.96, new Error('cause'));
  expect(error.message).toBe('inventory.reserve: the deadline passed after 100 ms; raise it or find what was slow');
  expect(error.details).toEqual({ what: 'inventory.reserve', limitMs: 99.96 });
  expect(error.cause).toBeInstanceOf(Error);
  expect(new DeadlineExceededError('call', 30, undefined, 'the attempt').message).toContain(
    'after 30 ms of the attempt;',
  );
  expect(new DeadlineExceededError('call').message).toContain('the deadline passed before it was started');
});

test('lists the code of every error that the kernel raises', () => {
  const codes = [new CancelledError().code, new DeadlineExceededError('call').code];
  for (const code of codes) expect(kernelErrors).toHaveProperty(code);
  for (const [code, { summary, status }] of Object.entries(kernelErrors)) {
    expect(code).toMatch(/^FWK_KERNEL_[A-Z_]+$/);
    expect(summary).toMatch(/^[A-Z].*\.$/);
    expect(status).toBeGreaterThanOrEqual(400);
  }
  expect(Object.isFrozen(kernelErrors)).toBe(true);
});

test('says that a caller who gave up counts neither way', () => {
  expect(new CancelledError().traits).toEqual({ outcome: 'ignored' });
  expect(new CancelledError('shut down').message).toBe('shut down');
});

test('a message is read of what cannot be read, too', () => {
  const broken = () => {
    throw new Error('broken');
  };
  expect(messageOf(new Proxy({}, { getPrototypeOf: broken }))).toBe('[unreadable]');
  expect(messageOf(Object.defineProperty(new Error('x'), 'message', { get: broken }))).toBe('[unreadable]');
  expect(typeof messageOf(Object.assign(new Error('x'), { message: 5n }))).toBe('string');
});
