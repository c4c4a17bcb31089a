import { describe, expect, test } from 'vitest';
import { anInstance } from './testing/instances.js';

describe('the version of an instance', () => {
  test.each(['0.0.0', '1.4.0', '10.20.30', '2.0.0-rc.1', '1.0.0-0A.is.legal', '1.0.0+build.07', '1.0.0--.--+-'])(
    'may be %s',
    (version) => {
      expect(anInstance({ version }).version).toBe(version);
    },
  );

  test.each([
    'banana',
    '',
    '1',
    '1.0',
    'v1.0.0',
    '01.0.0',
    '1.0.0-',
    '1.0.0-01',
    '1.0.0+',
    '1.0.0-a..b',
    '1.0.0 ',
    '1.0.0\n',
  ])('cannot be %j, and whoever gave it is told what it must be', (version) => {
    expect(() => anInstance({ version })).toThrow('a semantic version such as "1.4.0"');
  });
});
