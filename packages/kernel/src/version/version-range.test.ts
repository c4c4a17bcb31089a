import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareVersions, parseVersion, parseVersionRange, type Version } from './version-range.js';

test.each([
  ['^2', ['2.0.0', '2.9.9', 'v2.1.0', '2'], ['1.9.9', '3.0.0', '3.0.0-beta']],
  ['^0.2.3', ['0.2.3', '0.2.9'], ['0.2.2', '0.3.0', '1.0.0']],
  ['^0.0.3', ['0.0.3'], ['0.0.4', '0.0.2']],
  ['^0', ['0.0.0', '0.9.1'], ['1.0.0']],
  ['~2.3.1', ['2.3.1', '2.3.9'], ['2.3.0', '2.4.0']],
  ['~2', ['2.0.0', '2.9.0'], ['3.0.0']],
  ['>=2.3 <3', ['2.3.0', '2.99.0', '2.4.0-beta'], ['2.2.9', '3.0.0', '2.3.0-rc.1']],
  ['>2.3', ['2.4.0', '3.0.0'], ['2.3.0', '2.3.9']],
  ['> 2.3.0', ['2.3.1', '2.3.1-a'], ['2.3.0']],
  ['<=2.3', ['2.3.9', '1.0.0'], ['2.4.0', '2.4.0-a']],
  ['<=2.3.0', ['2.3.0', '2.3.0-rc.1'], ['2.3.1']],
  ['1.x || 2.4.0', ['1.0.0', '1.7.3', '2.4.0', '2.4.0+sha.5'], ['2.4.1', '2.4.0-rc', '0.9.0']],
  ['2.4.0-rc.1', ['2.4.0-rc.1'], ['2.4.0', '2.4.0-rc.2']],
  ['=2.4', ['2.4.0', '2.4.7'], ['2.5.0']],
  ['*', ['0.0.0', '99.1.2'], ['nonsense', '', '1.2.3.4']],
  ['<*', [], ['0.0.0', '1.0.0-0']],
])('%s takes and refuses', (range, inside, outside) => {
  const belongs = parseVersionRange(range);
  expect(inside.filter((version) => !belongs?.(version))).toEqual([]);
  expect(outside.filter((version) => belongs?.(version))).toEqual([]);
});

test.each([
  '',
  ' ',
  '||',
  '^',
  '>=',
  'latest',
  '2..3',
  '1.2.3.4',
  '^x.2',
  '>=a',
  '2 ||',
  '01.2.3',
  '9'.repeat(300),
  '1 '.repeat(40),
])('%j is no range', (text) => {
  expect(parseVersionRange(text)).toBeUndefined();
});

test.each(['', 'x', '2.x', '1.2.3.4', '-1.0.0', '1.2.3-', '1.2-rc', '1.2.3-ä', `1.0.0-${'a'.repeat(300)}`])(
  '%j is no version',
  (text) => {
    expect(parseVersion(text)).toBeUndefined();
  },
);

test('orders versions as the standard does', () => {
  const order = ['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11'];
  order.push('1.0.0-rc.1', '1.0.0', '1.0.1', '1.2.0', '1.10.0', '2.0.0');
  const versions = order.map((text) => parseVersion(text) as Version);
  for (let at = 1; at < versions.length; at++) {
    expect(compareVersions(versions[at - 1] as Version, versions[at] as Version)).toBeLessThan(0);
    expect(compareVersions(versions[at] as Version, versions[at - 1] as Version)).toBeGreaterThan(0);
  }
});

test('says the nearest bounds around a version', () => {
  const version = (text: string) => parseVersion(text) as Version;
  const range = parseVersionRange('^1.2 || >=3 <4 <3.5');
  expect(range?.around(version('3.2.0'))).toEqual({ from: version('3.0.0'), to: version('3.5.0') });
  expect(range?.around(version('1.3.0')).from).toEqual(version('1.2.0'));
  expect(parseVersionRange('<2')?.around(version('1.0.0')).from).toBeUndefined();
});

test('never throws, whatever it is given', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[\^~<>= 0-9.x*|a-]{0,20}$/));
  fc.assert(
    fc.property(text, text, (range, version) => {
      expect([true, false, undefined]).toContain(parseVersionRange(range)?.(version));
    }),
  );
});
