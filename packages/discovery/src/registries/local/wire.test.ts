import { describe, expect, test } from 'vitest';
import { anInstance } from '../../testing/instances.js';
import { parseEvent, parseKnown } from './wire.js';

const owner = 'x'.repeat(43);
const good = { instance: anInstance(), holder: 'holder-one', owner };
const paused = { instance: { ...anInstance({ id: 'inventory-2' }), status: 'PAUSED' }, holder: 'holder-one', owner };
const override = { status: 'DOWN', cause: 'its disk is full', actor: 'operator bob', atMs: 1 };

describe('a change that only a newer version understands', () => {
  test('takes out the instance that it is about, and counts', () => {
    const event = parseEvent('put', JSON.stringify({ version: 7, entry: paused }));
    expect(event).toEqual({ kind: 'remove', version: 7, id: 'inventory-2' });
  });

  test.each([null, {}, { instance: {}, holder: 'holder-one' }, { instance: null }])(
    'counts when not even its id can be read: %j',
    (entry) => {
      const event = parseEvent('put', JSON.stringify({ version: 7, entry }));
      expect(event).toEqual({ kind: 'remove', version: 7, id: '' });
    },
  );

  test('lets the own word of an instance count where an override cannot be read', () => {
    const data = { version: 7, id: 'inventory-1', override: { ...override, status: 'PAUSED' } };
    expect(parseEvent('override', JSON.stringify(data))).toEqual({
      kind: 'override',
      version: 7,
      id: 'inventory-1',
      override: undefined,
    });
  });

  test('that is an event of another name is passed over', () => {
    expect(parseEvent('renamed', '{"version":7}')).toBeUndefined();
  });
});

describe('everything that is known', () => {
  test.each([paused, { instance: anInstance({ id: 'inventory-2' }) }, null, 'text'])(
    'is read without the one record that cannot be: %j',
    (damaged) => {
      expect(parseKnown({ entries: [damaged, good] }).entries).toEqual([good]);
    },
  );

  test('is read without an override that cannot be', () => {
    const known = parseKnown({ entries: [], overrides: { 'inventory-1': override, 'inventory-2': 'DOWN' } });
    expect([...known.overrides]).toEqual([['inventory-1', override]]);
  });

  test('is not read from what is no list at all', () => {
    expect(() => parseKnown({ entries: {} })).toThrow('not a list');
  });
});
