import { expect, test, vi } from 'vitest';
import { maxSocketPathBytes, socketPath } from './socket-path.js';

const most = maxSocketPathBytes();

test.each(['/run/inventory.sock', '/run/with space.sock', `/${'a'.repeat(most - 1)}`])('%j can be one', (path) => {
  expect(socketPath(path)).toBeUndefined();
});

test.each([
  ['inventory.sock', 'an absolute path'],
  ['', 'an absolute path'],
  [7, 'an absolute path'],
  [undefined, 'an absolute path'],
  ['\0abstract', 'an absolute path'],
  ['/run/a\0b', 'zero byte'],
  ['/run/', 'without a slash at its end'],
  ['/', 'without a slash at its end'],
  [`/${'a'.repeat(most)}`, `${most} bytes, not ${most + 1}`],
  [`/${'é'.repeat(60)}`, `${most} bytes, not 121`],
])('%j cannot: it must be %s', (path, problem) => {
  expect(socketPath(path)).toContain(problem);
});

test('the longest path has 107 bytes on Linux and 103 elsewhere', () => {
  expect([maxSocketPathBytes('linux'), maxSocketPathBytes('darwin'), maxSocketPathBytes('freebsd')]).toEqual([
    107, 103, 103,
  ]);
});

test('on Windows every path is refused', () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
  expect(socketPath('/run/inventory.sock')).toContain('Windows');
});
