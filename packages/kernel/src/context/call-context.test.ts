import { getEventListeners } from 'node:events';
import { expect, expectTypeOf, test, vi } from 'vitest';
import { CancelledError } from '../errors/cancelled-error.js';
import { background, type CallContext, cancellable, fromSignal } from './call-context.js';
import { contextKey } from './context-key.js';
import { note, notesKey } from './notes.js';

const colour = contextKey('colour', 'none');

test('begins without deadline, cancellation and values', () => {
  expect(background.deadlineMs).toBe(Number.POSITIVE_INFINITY);
  expect([background.cancelled, background.reason]).toEqual([false, undefined]);
  expect(background.get(colour)).toBe('none');
  expect(background.signal.aborted).toBe(false);
  const listener = vi.fn();
  background.onCancel(listener)[Symbol.dispose]();
  expect(listener).not.toHaveBeenCalled();
});

test('derives and leaves the original as it was', () => {
  const red = background.with({ values: [colour.of('red')], deadlineMs: 10 });
  const blue = red.with({ values: [colour.of('green'), colour.of('blue')] });
  expect([background, red, blue].map((context) => context.get(colour))).toEqual(['none', 'red', 'blue']);
  expect([background.deadlineMs, red.deadlineMs, blue.deadlineMs]).toEqual([Number.POSITIVE_INFINITY, 10, 10]);
});

test('keeps a value of undefined apart from none', () => {
  const key = contextKey<string | undefined>('maybe', 'default');
  expect(background.with({ values: [key.of(undefined)] }).get(key)).toBeUndefined();
});

test('compares keys by identity, so that equal names never meet', () => {
  const other = contextKey('colour', 'other');
  expect(background.with({ values: [colour.of('red')] }).get(other)).toBe('other');
  expectTypeOf(background.get(other)).toEqualTypeOf<string>();
  // @ts-expect-error the value must be of the key's type
  colour.of(7);
});

test('lets go of the deadline for work that may outlive the call, and of what belongs to one call where asked', () => {
  const own = contextKey('own', 'none', true);
  const parent = background.with({ deadlineMs: 10, values: [own.of('mine'), colour.of('red'), colour.of('blue')] });
  const shared = parent.with({ unlimited: true });
  expect([shared.deadlineMs, shared.get(own), shared.get(colour)]).toEqual([Number.POSITIVE_INFINITY, 'mine', 'blue']);
  const apart = parent.with({ unlimited: true, apart: true, deadlineMs: 30, values: [own.of('other')] });
  expect([apart.deadlineMs, apart.get(own), apart.get(colour)]).toEqual([30, 'other', 'blue']);
  expect(parent.with({ apart: true }).get(own)).toBe('none');
  expect(parent.with({ apart: true }).deadlineMs).toBe(10);
});

test.each([
  [10, 5, 5],
  [10, 20, 10],
  [10, undefined, 10],
  [10, Number.NaN, 10],
  [Number.POSITIVE_INFINITY, 0, 0],
])('moves a deadline of %s by %s to %s: only ever nearer', (first, second, left) => {
  expect(background.with({ deadlineMs: first }).with({ deadlineMs: second }).deadlineMs).toBe(left);
  expect(cancellable(background.with({ deadlineMs: first }), { deadlineMs: second }).context.deadlineMs).toBe(left);
});

test('cancels what hangs below and nothing above or beside', () => {
  const parent = cancellable();
  const [first, second] = [cancellable(parent.context), cancellable(parent.context)];
  const derived = first.context.with({ values: [colour.of('red')] });
  first.cancel('over');
  expect([parent, first, second].map(({ context }) => context.cancelled)).toEqual([false, true, false]);
  expect([derived.cancelled, derived.reason]).toEqual([true, 'over']);
  parent.cancel('all over');
  expect([first.context.reason, second.context.reason]).toEqual(['over', 'all over']);
});

test('gives a reason of its own when the caller gave none', () => {
  const { context, cancel } = cancellable();
  cancel();
  expect(context.reason).toBeInstanceOf(CancelledError);
});

test('keeps values and deadline when it becomes cancellable, and takes more', () => {
  const parent = background.with({ values: [colour.of('red')], deadlineMs: 10 });
  const { context } = cancellable(parent, { values: [notesKey.of({})] });
  expect([context.get(colour), context.deadlineMs]).toEqual(['red', 10]);
  note(context, 'attempts', 2);
  expect(context.get(notesKey)).toEqual({ attempts: 2 });
});

test('drops notes that nobody keeps', () => {
  note(background, 'attempts', 2);
  expect(background.get(notesKey)).toBeUndefined();
});

test('costs the parent no listener until somebody listens or reads the signal', () => {
  const parent = cancellable();
  const child = cancellable(parent.context);
  const derived = child.context.with({ deadlineMs: 5 });
  expect([derived.cancelled, derived.reason]).toEqual([false, undefined]);
  expect(parent.cancellation.listenerCount).toBe(0);
  const subscription = derived.onCancel(() => {});
  expect(parent.cancellation.listenerCount).toBe(1);
  subscription[Symbol.dispose]();
  expect(parent.cancellation.listenerCount).toBe(0);
});

test('shares one signal among contexts that are cancelled together', () => {
  const { context, cancel } = cancellable();
  const { signal } = context.with({ deadlineMs: 5 });
  expect(context.signal).toBe(signal);
  expect(cancellable(context).context.signal).not.toBe(signal);
  const reason = new Error('over');
  cancel(reason);
  expect([signal.aborted, signal.reason]).toEqual([true, reason]);
  expect(context.with({}).signal.reason).toBe(reason);
});

test('lets its owner take back from a long-lived parent what a read of the signal left there', () => {
  const parent = cancellable();
  const call = cancellable(parent.context);
  expect(call.context.signal.aborted).toBe(false);
  expect(parent.cancellation.listenerCount).toBe(1);
  call[Symbol.dispose]();
  expect(parent.cancellation.listenerCount).toBe(0);
});

test('follows an AbortSignal with the signal’s own reason', () => {
  const controller = new AbortController();
  const { context } = fromSignal(controller.signal, background.with({ deadlineMs: 7 }));
  const listener = vi.fn();
  context.onCancel(listener);
  const reason = new Error('over');
  controller.abort(reason);
  expect(listener).toHaveBeenCalledExactlyOnceWith(reason);
  expect(context.deadlineMs).toBe(7);
});

test('is cancelled at once by a signal that has aborted already', () => {
  const reason = new Error('over');
  const { context } = fromSignal(AbortSignal.abort(reason));
  expect([context.cancelled, context.reason]).toEqual([true, reason]);
});

test('leaves nothing on signal and parent when the context of a signal is disposed', () => {
  const { signal } = new AbortController();
  const parent = cancellable();
  {
    using call = fromSignal(signal, parent.context);
    call.context.onCancel(() => {});
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    expect(parent.cancellation.listenerCount).toBe(1);
  }
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  expect(parent.cancellation.listenerCount).toBe(0);
});

test('hangs below a context of another copy of the package, as lazily as below its own', async () => {
  vi.resetModules();
  const copy = await import('./call-context.js');
  const foreign = copy.cancellable(copy.background, { deadlineMs: 9 });
  const { context } = cancellable(foreign.context as CallContext, { values: [colour.of('red')] });
  expect([context.deadlineMs, context.get(colour)]).toEqual([9, 'red']);
  expect(foreign.cancellation.listenerCount).toBe(0);
  const listener = vi.fn();
  context.onCancel(listener)[Symbol.dispose]();
  expect(foreign.cancellation.listenerCount).toBe(0);
  context.onCancel(listener);
  foreign.cancel('over');
  expect(listener).toHaveBeenCalledExactlyOnceWith('over');
  expect([context.cancelled, context.reason]).toEqual([true, 'over']);
});

test('can be cancelled on its own below a foreign context', async () => {
  vi.resetModules();
  const copy = await import('./call-context.js');
  const foreign = copy.cancellable();
  const own = cancellable(foreign.context as CallContext);
  own.cancel('own');
  expect([own.context.reason, foreign.context.cancelled]).toEqual(['own', false]);
});
