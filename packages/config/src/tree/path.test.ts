import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatPath, parsePath } from './path.js';

test('a written path reads back as it was, whatever its names contain', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (parts) => {
      expect(parsePath(formatPath(parts))).toEqual(parts);
    }),
  );
});

test.each(['', '.', 'a..b', '.a', 'a.'])('refuses the path "%s", which has an empty part', (path) => {
  expect(() => parsePath(path)).toThrow(expect.objectContaining({ code: 'FWK_CONFIG_PATH_INVALID' }));
});
