import { expect, test } from 'vitest';
import { nearestName } from './nearest-name.js';

test.each([
  ['maxItem', ['minItems', 'maxItems'], 'maxItems'],
  ['MAX_ITEMS', ['maxItems'], 'maxItems'],
  ['max-items', ['maxItems'], 'maxItems'],
  ['prot', ['port', 'path'], 'port'],
  ['timeout', ['timeoutMs'], undefined],
  ['min', ['max'], undefined],
  ['name', ['name'], undefined],
  ['x'.repeat(10_000), ['x'.repeat(10_001)], undefined],
])('%s among %j means %s', (name, known, nearest) => expect(nearestName(name, known)).toBe(nearest));
