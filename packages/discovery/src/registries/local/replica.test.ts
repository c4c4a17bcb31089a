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

describe('a registry that has greeted and not yet told its list', () => {
  const [hello, list] = greeting('one', 'a-1') as readonly [StreamMessage, StreamMessage];

  test('is nothing to start from, and nothing to keep', () => {
    let kept = 0;
    const replica = new Replica(fakeClock(), options, () => kept++);
    replica.apply([hello]);
    expect([replica.inheritance, replica.current, kept]).toEqual([undefined, false, 0]);
    replica.apply([list]);
    expect(replica.inheritance?.known.entries.map(({ instance }) => instance.id)).toEqual(['a-1']);
    expect([replica.current, kept]).toEqual([true, 1]);
    replica.close();
  });

  test('leaves what was known of the one before it to start from', () => {
    const replica = new Replica(fakeClock(), options);
    replica.apply(greeting('none', 'b-1'));
    replica.apply([hello]);
    expect(replica.current).toBe(false);
    expect(replica.inheritance).toMatchObject({
      holder: 'holder-none',
      known: { entries: [{ holder: 'holder-of-b-1' }] },
    });
    replica.close();
  });
});

test('who came back and was lost again has a wait of its own, whatever was left of the first', async () => {
  const { clock, ids, replica } = await replaced(50);
  const entry = { instance: anInstance({ id: 'b-1' }), holder: 'holder-of-b-1' };
  replica.apply([{ kind: 'put', version: 2, entry }]);
  await clock.advance(2750);
  replica.lost();
  replica.apply(greeting('three', 'a-1'));
  await clock.advance(2900);
  expect(ids()).toEqual(['a-1', 'b-1']);
  await clock.advance(200);
  expect(ids()).toEqual(['a-1']);
  replica.close();
});
