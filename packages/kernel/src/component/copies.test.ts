import { expect, test, vi } from 'vitest';
import { copiesOf, noteCopy } from './copies.js';
import { sharedState } from './shared-state.js';

test('the second copy of a package is told once, with both places', () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  for (const place of ['/a/x.js', '/a/x.js', '/b/x.js', '/c/x.js', '/b/x.js']) noteCopy('@fwk/test-copies', place);
  noteCopy('@fwk/test-single', '/a/x.js');
  expect(warning).toHaveBeenCalledExactlyOnceWith(
    'two copies of @fwk/test-copies are loaded: /a/x.js and /b/x.js',
    expect.objectContaining({ code: 'FWK_KERNEL_TWO_COPIES' }),
  );
  expect(copiesOf('@fwk/test-copies')).toEqual(['/a/x.js', '/b/x.js', '/c/x.js']);
  warning.mockRestore();
});

test('a place is that of the module which notes itself', () => {
  noteCopy('@fwk/test-here');
  expect(copiesOf('@fwk/test-here')).toEqual([expect.stringMatching(/copies\.test\.ts:\d+:\d+$/)]);
  expect(copiesOf('@fwk/kernel')).toEqual([expect.stringMatching(/copies\.ts:\d+:\d+$/)]);
});

test('copies that a bundler has put into one file are told apart', () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  noteCopy('@fwk/test-bundled');
  noteCopy('@fwk/test-bundled');
  expect(warning).toHaveBeenCalledOnce();
  for (let load = 0; load < 2; load++) noteCopy('@fwk/test-loaded-again');
  expect(warning).toHaveBeenCalledOnce();
  warning.mockRestore();
});

test('state of one name is the same for all copies', () => {
  const make = vi.fn(() => new Map());
  expect(sharedState('test-state', make)).toBe(sharedState('test-state', make));
  expect(make).toHaveBeenCalledOnce();
});
