import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.js';
import { Member, type MemberState } from '../../fixtures/member-process.js';

/** Real processes on the built package: the one that serves the registry goes, and nobody else notices much. */
const members: Member[] = [];
let port = 0;

beforeEach(async () => {
  port = await freePort();
});

afterEach(async () => {
  for (const member of members) member.signal('SIGKILL');
  await Promise.all(members.splice(0).map((member) => member.ended()));
});

const knows =
  (...ids: readonly string[]) =>
  (state: MemberState) =>
    state.ids.join() === ids.join();

function member(id: string): Member {
  const made = new Member(id, port);
  members.push(made);
  return made;
}

/** Three members, of which the first serves. */
async function three(): Promise<readonly [Member, Member, Member]> {
  const first = member('m1');
  await first.until(({ serves, ids }) => serves && ids.length === 1);
  const made = [first, member('m2'), member('m3')] as const;
  await Promise.all(made.map((each) => each.until(knows('m1', 'm2', 'm3'))));
  return made;
}

/** Waits until one of them serves and all are connected to it. */
async function takenOver(survivors: readonly Member[]): Promise<void> {
  await Promise.any(survivors.map((survivor) => survivor.until(({ serves }) => serves)));
  await Promise.all(survivors.map((survivor) => survivor.until(({ connection }) => connection === 'connected')));
}

/** Nobody who lives was ever missing from a list, from the given state on. */
function expectNobodyMissed(watchers: readonly Member[], from: readonly number[]): void {
  const alive = watchers.map(({ id }) => id);
  for (const [index, { states }] of watchers.entries()) {
    for (const { ids } of states.slice(from[index])) expect(ids).toEqual(expect.arrayContaining(alive));
  }
}

describe('when the process that serves the registry', () => {
  test('is killed, another takes over, all are registered again, and only the dead one leaves the lists', async () => {
    const [first, ...others] = await three();
    const from = others.map(({ states }) => states.length);
    first.signal('SIGKILL');
    await takenOver(others);
    await Promise.all(others.map((other) => other.until(knows('m2', 'm3'))));
    expectNobodyMissed(others, from);
    const newcomer = member('m4');
    await newcomer.until(knows('m2', 'm3', 'm4'));
    expect(newcomer.states.some(({ serves }) => serves)).toBe(false);
  });

  test('is killed again and again, somebody always takes over', async () => {
    const [first, second, third] = await three();
    first.signal('SIGKILL');
    await takenOver([second, third]);
    const [serving, last] = second.last?.serves ? [second, third] : [third, second];
    serving.signal('SIGKILL');
    await last.until(({ serves }) => serves);
    await last.until(knows(last.id));
    await member('m5').until(knows(last.id, 'm5'));
  });

  test('stops in order, another takes over at once, and its own instance is gone before it is', async () => {
    const [first, ...others] = await three();
    const from = others.map(({ states }) => states.length);
    first.signal('SIGTERM');
    await Promise.all(others.map((other) => other.until(knows('m2', 'm3'))));
    expect(await first.ended()).toBe(0);
    await takenOver(others);
    expectNobodyMissed(others, from);
  });

  test('hangs, everybody goes on with what is known, and it is the registry again when it goes on', async () => {
    const [first, ...others] = await three();
    const from = others.map(({ states }) => states.length);
    first.signal('SIGSTOP');
    await Promise.all(others.map((other) => other.until(({ connection }) => connection === 'lost')));
    for (const { last } of others) expect(last?.ids).toEqual(['m1', 'm2', 'm3']);
    first.signal('SIGCONT');
    await Promise.all(others.map((other) => other.until(({ connection }) => connection === 'connected')));
    for (const [index, { states }] of others.entries()) {
      for (const { ids } of states.slice(from[index])) expect(ids).toEqual(['m1', 'm2', 'm3']);
    }
    expect(others.some(({ states }) => states.some(({ serves }) => serves))).toBe(false);
  });

  test('or another one is busy for two seconds, nobody leaves a list', async () => {
    const all = await three();
    const from = all.map(({ states }) => states.length);
    for (const each of all) each.signal('SIGUSR2');
    const newcomer = member('m4');
    await newcomer.until(knows('m1', 'm2', 'm3', 'm4'));
    await Promise.all(all.map((each) => each.until(knows('m1', 'm2', 'm3', 'm4'))));
    for (const each of all.slice(1)) each.signal('SIGUSR2');
    await new Promise((resolve) => setTimeout(resolve, 3500));
    for (const [index, { states }] of all.entries()) {
      for (const { ids } of states.slice(from[index])) expect(ids).toEqual(expect.arrayContaining(['m1', 'm2', 'm3']));
    }
  });

  test('hangs and is killed, another takes over', async () => {
    const [first, ...others] = await three();
    first.signal('SIGSTOP');
    await Promise.all(others.map((other) => other.until(({ connection }) => connection === 'lost')));
    first.signal('SIGKILL');
    await takenOver(others);
    await Promise.all(others.map((other) => other.until(knows('m2', 'm3'))));
  });
});

test('a member that was frozen for longer than its lease leaves the lists, and is back by itself; nobody else leaves', async () => {
  const [first, second, third] = await three();
  const others = [first, second];
  const from = others.map(({ states }) => states.length);
  third.signal('SIGSTOP');
  await Promise.all(others.map((other) => other.until(knows('m1', 'm2'))));
  third.signal('SIGCONT');
  await Promise.all(others.map((other) => other.until(knows('m1', 'm2', 'm3'))));
  expectNobodyMissed(others, from);
  expect(third.last?.ids).toEqual(expect.arrayContaining(['m1', 'm2']));
});
