import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { anInstance } from '../../testing/instances.js';
import { checkLocalOptions } from './local-options.js';
import { Replica } from './replica.js';
import type { StreamMessage } from './stream-intake.js';

const options = checkLocalOptions({ port: 4810 }, {});
const ttlMs = 3000;

/** What a registry says first: that it knows these instances, each of a process of its own. */
function greeting(registry: string, ...ids: readonly string[]): readonly StreamMessage[] {
  const hello = {
    epoch: `epoch-${registry}`,
    version: ids.length,
    holder: `holder-${registry}`,
    ttlMs,
    resumed: false,
  };
  const entries = ids.map((id) => ({ instance: anInstance({ id }), holder: `holder-of-${id}` }));
  return [
    { kind: 'hello', hello },
    { kind: 'snapshot', entries, overrides: new Map() },
  ];
}

/** A copy of a registry with two instances, which is gone and comes back, knowing only the first. */
async function replaced(awayMs: number) {
  const clock = fakeClock();
  const replica = new Replica(clock, options);
  replica.apply(greeting('one', 'a-1', 'b-1'));
  replica.lost();
  await clock.advance(awayMs);
  replica.apply(greeting('two', 'a-1'));
  const watch = replica.board.watch('inventory');
  const ids = () => watch.instances.value.map(({ id }) => id);
  return { clock, replica, ids };
}

describe('what a new registry does not list', () => {
  test('stays for a lease from the loss of the old one, so that two seconds without an event loop cost nobody its place', async () => {
    const { clock, ids, replica } = await replaced(50);
    await clock.advance(2900);
    expect(ids()).toEqual(['a-1', 'b-1']);
    await clock.advance(100);
    expect(ids()).toEqual(['a-1']);
    replica.close();
  });

  test('stays for half a lease after the return of a registry that was away for long, and no longer', async () => {
    const { clock, ids, replica } = await replaced(60_000);
    await clock.advance(1499);
    expect(ids()).toEqual(['a-1', 'b-1']);
    await clock.advance(2);
    expect(ids()).toEqual(['a-1']);
    replica.close();
  });
});
