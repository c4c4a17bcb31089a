import { expect, test } from 'vitest';
import { nearestName, unknownName } from './nearest-name.js';

test.each([
  ['maxItem', ['minItems', 'maxItems'], 'maxItems'],
  ['MAX_ITEMS', ['maxItems'], 'maxItems'],
  ['max-items', ['maxItems'], 'maxItems'],
  ['prot', ['port', 'path'], 'port'],
  ['timeout', ['timeoutMs'], 'timeoutMs'],
  ['retries', ['timeoutMs', 'retry'], 'retry'],
  ['attempts', ['baseDelayMs', 'maxAttempts'], 'maxAttempts'],
  ['time', ['timeoutMs'], undefined],
  ['min', ['max'], undefined],
  ['name', ['name'], undefined],
  ['x'.repeat(10_000), ['x'.repeat(10_001)], undefined],
])('%s among %j means %s', (name, known, nearest) => expect(nearestName(name, known)).toBe(nearest));

test.each([
  ['prot', ['port', 'host'], 'unknown option "prot", did you mean "port"? (known: port, host)'],
  ['colour', ['port', 'host'], 'unknown option "colour" (known: port, host)'],
  ['colour', [], 'unknown option "colour" (known: none)'],
  ['x'.repeat(10_000), ['port'], `unknown option "${'x'.repeat(64)}…" (known: port)`],
])('%s among %j is told in a sentence', (name, known, sentence) => {
  expect(unknownName('unknown option', name, known)).toBe(sentence);
});
