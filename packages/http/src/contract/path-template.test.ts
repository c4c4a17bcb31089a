import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PathTemplate, parsePath, pathBuilder } from './path-template.js';

const builder = (path: string) => pathBuilder(parsePath(path) as PathTemplate);

test('fills parameters in', () => {
  expect(builder('/a/:x/b/:y')({ x: '1', y: 'two' })).toBe('/a/1/b/two');
  expect(builder('/a')({})).toBe('/a');
});

test('whatever a parameter holds, it stays within its segment and arrives unchanged', () => {
  const build = builder('/a/:x/b');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (x) => {
      const path = build({ x });
      if (typeof path !== 'string') return void expect(['.', '..']).toContain(x);
      const segments = path.split('/');
      expect(segments).toHaveLength(4);
      expect(path).toMatch(/^[!-~]+$/);
      expect(path).not.toMatch(/[?#]/);
      expect(decodeURIComponent(segments[2] as string)).toBe(x);
    }),
  );
});

test.each([undefined, '', '.', '..', '\ud800'])('refuses %j, which would name another resource or none', (x) => {
  expect(builder('/a/:x')({ ...(x !== undefined && { x }) })).toEqual({ refused: 'x' });
});
