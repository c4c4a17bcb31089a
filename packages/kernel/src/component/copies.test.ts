import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

test('copies of different versions are told with their versions', () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const folder = mkdtempSync(join(tmpdir(), 'fwk-copies-'));
  const install = (path: string, version: string) => {
    mkdirSync(join(folder, path, 'dist'), { recursive: true });
    writeFileSync(join(folder, path, 'package.json'), JSON.stringify({ name: '@fwk/test-versions', version }));
    // Says which modules are CommonJS; names no package.
    writeFileSync(join(folder, path, 'dist/package.json'), '{ "type": "commonjs" }');
    return join(folder, path, 'dist/index.js:3:5');
  };
  const [older, newer] = [install('older', '0.1.0'), install('newer', '0.2.0')];
  noteCopy('@fwk/test-versions', older);
  noteCopy('@fwk/test-versions', `file://${newer}`);
  expect(warning).toHaveBeenCalledExactlyOnceWith(
    `two versions of @fwk/test-versions are loaded: 0.1.0 from ${older} and 0.2.0 from file://${newer}`,
    expect.objectContaining({ detail: expect.stringContaining('npm ls @fwk/test-versions') }),
  );
  rmSync(folder, { recursive: true });
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
