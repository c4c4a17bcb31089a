import assert from 'node:assert/strict';
import { type Clock, cancellable, isFwkError, makeEnv, systemClock, type Timer } from '@fwk/kernel';
import { loadLayer } from '../source/layer.js';
import type { ConfigSource, SourceContext } from '../source/source.js';
import { eachLeaf } from '../tree/tree.js';

/** A source with whatever it reads, made for one case. */
export interface SourceUnderTest {
  readonly source: ConfigSource;
  /** What it says at first; at least one setting within an object. */
  readonly says: object;
  /** Changes what the source reads and answers what it says then. Left out for sources that never change. */
  change?(): Promise<object>;
  /** Makes what the source reads unusable. Left out for sources that cannot break. */
  damage?(): Promise<void>;
  /** Takes everything away again. */
  close?(): Promise<void>;
}

/** What the suite needs to know of the source under test. */
export interface ConfigSourceContract {
  open(): SourceUnderTest | Promise<SourceUnderTest>;
  /** How soon a change must be told, in milliseconds. @defaultValue 2000 */
  readonly withinMs?: number;
}

/** One promise that every source keeps; hand it to any test runner. */
export interface ConfigSourceContractCase {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * The promises that every source keeps, as test cases. They run on the real clock, because what sources watch does.
 * @example for (const { name, run } of configSourceContract({ open })) test(name, run);
 */
export function configSourceContract(contract: ConfigSourceContract): readonly ConfigSourceContractCase[] {
  const withinMs = contract.withinMs ?? 2000;
  const cases: [string, (subject: SourceUnderTest) => Promise<void>][] = [
    ['says what it holds, each time anew', saysWhatItHolds],
    ['knows where each of its settings was set', knowsOrigins],
    ['refuses an already cancelled load with the caller’s own reason', refusesCancelled],
    ['leaves neither timer nor listener behind after loading', leavesNothing],
    ['tells of a change, and says the new values when loaded again', (subject) => tellsOfChange(subject, withinMs)],
    ['tells nobody who has stopped watching, and holds no timer then', (subject) => staysQuiet(subject, withinMs)],
    ['fails with an error that names the source when what it reads is unusable', namesItselfWhenBroken],
  ];
  return cases.map(([name, check]) => ({
    name,
    async run() {
      const subject = await contract.open();
      try {
        await check(subject);
      } finally {
        await subject.close?.();
      }
    },
  }));
}

async function saysWhatItHolds({ source, says }: SourceUnderTest): Promise<void> {
  assert.notEqual(source.name, '', 'a source has a name');
  const first = await loadLayer(source, contextOf().context);
  assert.deepEqual(first.tree, says);
  // What cannot be changed is as good as a copy.
  for (const key of Object.keys(first.tree)) Reflect.deleteProperty(first.tree, key);
  assert.deepEqual((await loadLayer(source, contextOf().context)).tree, says, 'a caller changed what the source says');
}

async function knowsOrigins({ source }: SourceUnderTest): Promise<void> {
  const layer = await loadLayer(source, contextOf().context);
  eachLeaf(layer.tree, (path) => {
    assert.notEqual(path.length, 0, 'it says no setting');
    assert.equal(layer.originOf(path).source, source.name, `the origin of ${path.join('.')}`);
  });
}

async function refusesCancelled({ source }: SourceUnderTest): Promise<void> {
  const reason = new Error('the caller gave up');
  const { context, cancel } = contextOf();
  cancel(reason);
  await assert.rejects(source.load(context), (error) => error === reason);
}

async function leavesNothing({ source }: SourceUnderTest): Promise<void> {
  const { context, clock, listeners } = contextOf();
  await source.load(context);
  assert.equal(clock.pending, 0, 'a timer is still pending');
  assert.equal(listeners(), 0, 'a cancel listener is still attached');
}

async function tellsOfChange(subject: SourceUnderTest, withinMs: number): Promise<void> {
  if (!subject.change) return;
  const { source } = subject;
  const { context } = contextOf();
  await source.load(context);
  const told = hearing(withinMs);
  const watch = source.watch(told.listener, context.env);
  const says = await subject.change();
  await told.heard;
  assert.deepEqual((await loadLayer(source, context)).tree, says);
  await dispose(watch);
}

async function staysQuiet(subject: SourceUnderTest, withinMs: number): Promise<void> {
  const { source } = subject;
  const { context, clock } = contextOf();
  await source.load(context);
  let calls = 0;
  const left = source.watch(() => calls++, context.env);
  const told = hearing(withinMs);
  const control = source.watch(told.listener, context.env);
  await dispose(left);
  if (subject.change) {
    await subject.change();
    await told.heard;
  }
  assert.equal(calls, 0, 'a disposed watch was told');
  await dispose(control);
  assert.equal(clock.pending, 0, 'a timer is still pending after disposal');
}

async function namesItselfWhenBroken(subject: SourceUnderTest): Promise<void> {
  if (!subject.damage) return;
  const { context } = contextOf();
  await subject.damage();
  await assert.rejects(loadLayer(subject.source, context), (error) => {
    assert.ok(isFwkError(error), `not one of our errors: ${error}`);
    assert.match(error.code, /^FWK_CONFIG_/);
    assert.ok(error.message.includes(subject.source.name), `"${error.message}" does not name ${subject.source.name}`);
    return true;
  });
}

function contextOf() {
  const { context: call, cancel, cancellation } = cancellable();
  const clock = countingClock();
  const context: SourceContext = { call, env: makeEnv({ clock }), below: {} };
  return { context, cancel, clock, listeners: () => cancellation.listenerCount };
}

/** A listener, and a promise that it is called in time. */
function hearing(withinMs: number) {
  let listener = () => {};
  const heard = new Promise<void>((resolve, reject) => {
    const late = systemClock.setTimer(() => reject(new Error(`no change was told within ${withinMs} ms`)), withinMs);
    listener = () => {
      systemClock.clearTimer(late);
      resolve();
    };
  });
  return { listener, heard };
}

async function dispose(watch: Disposable | AsyncDisposable): Promise<void> {
  if (Symbol.asyncDispose in watch) await watch[Symbol.asyncDispose]();
  else watch[Symbol.dispose]();
}

/** The system clock, counting the timers that wait. */
function countingClock(): Clock & { readonly pending: number } {
  const waiting = new Set<Timer>();
  return {
    now: systemClock.now,
    wallTime: systemClock.wallTime,
    setTimer(callback, delayMs, background) {
      const timer = systemClock.setTimer(
        () => {
          waiting.delete(timer);
          callback();
        },
        delayMs,
        background,
      );
      waiting.add(timer);
      return timer;
    },
    clearTimer(timer) {
      waiting.delete(timer);
      systemClock.clearTimer(timer);
    },
    get pending() {
      return waiting.size;
    },
  };
}
