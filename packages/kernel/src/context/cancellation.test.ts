import { getEventListeners } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { Cancellation } from './cancellation.js';

afterEach(() => void vi.restoreAllMocks());

test('calls each listener once, with the reason', () => {
  const node = new Cancellation();
  const listener = vi.fn();
  node.onCancel(listener);
  expect([node.cancelled, node.reason]).toEqual([false, undefined]);
  node.cancel('first');
  node.cancel('second');
  expect(listener).toHaveBeenCalledExactlyOnceWith('first');
  expect([node.cancelled, node.reason, node.listenerCount]).toEqual([true, 'first', 0]);
});

test('calls a listener at once that comes after the cancellation', () => {
  const node = new Cancellation(new Cancellation());
  node.cancel('over');
  const listener = vi.fn();
  node.onCancel(listener)[Symbol.dispose]();
  expect(listener).toHaveBeenCalledExactlyOnceWith('over');
  expect(node.listenerCount).toBe(0);
});

test('does not call a listener that was disposed; disposing twice does no harm', () => {
  const node = new Cancellation();
  const [first, middle, last] = [vi.fn(), vi.fn(), vi.fn()];
  node.onCancel(first);
  const subscription = node.onCancel(middle);
  node.onCancel(last);
  subscription[Symbol.dispose]();
  subscription[Symbol.dispose]();
  expect(node.listenerCount).toBe(2);
  node.cancel('over');
  expect([first, middle, last].map((listener) => listener.mock.calls.length)).toEqual([1, 0, 1]);
  subscription[Symbol.dispose]();
  expect(node.listenerCount).toBe(0);
});

test('calls the newest listener first, so that inner work ends before what stands round it', () => {
  const node = new Cancellation();
  const order: string[] = [];
  node.onCancel(() => order.push('outer'));
  node.onCancel(() => order.push('inner'));
  node.cancel('over');
  expect(order).toEqual(['inner', 'outer']);
});

test('listens to its parent only while somebody listens to it', () => {
  const parent = new Cancellation();
  const child = new Cancellation(parent);
  const grandchild = new Cancellation(child);
  expect(parent.listenerCount).toBe(0);
  const subscriptions = [grandchild.onCancel(() => {}), grandchild.onCancel(() => {})];
  expect([parent.listenerCount, child.listenerCount, grandchild.listenerCount]).toEqual([1, 1, 2]);
  for (const subscription of subscriptions) subscription[Symbol.dispose]();
  expect([parent.listenerCount, child.listenerCount, grandchild.listenerCount]).toEqual([0, 0, 0]);
});

test('leaves nothing on its parent when it is cancelled itself', () => {
  const parent = new Cancellation();
  const child = new Cancellation(parent);
  child.onCancel(() => {});
  child.cancel('over');
  expect(parent.listenerCount).toBe(0);
  expect(parent.cancelled).toBe(false);
});

test('knows of a cancelled parent without having listened, and keeps the first reason that reached it', () => {
  const parent = new Cancellation();
  const [early, late] = [new Cancellation(parent), new Cancellation(parent)];
  early.cancel('own');
  parent.cancel('parent');
  late.cancel('too late');
  expect([early.reason, late.reason]).toEqual(['own', 'parent']);
  expect(late.cancelled).toBe(true);
});

test('reports a listener that throws and calls the others all the same', () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const node = new Cancellation();
  const other = vi.fn();
  node.onCancel(other);
  node.onCancel(() => {
    throw new Error('broken listener');
  });
  node.cancel('over');
  node.onCancel(() => {
    throw new Error('late and broken');
  });
  expect(other).toHaveBeenCalledOnce();
  expect(warning.mock.calls.map(([text]) => String(text).split('\n')[0])).toEqual([
    'a listener of a cancellation threw: Error: broken listener',
    'a listener of a cancellation threw: Error: late and broken',
  ]);
});

test('lets a listener dispose others, add more and cancel again while it is called', () => {
  const node = new Cancellation();
  const [disposed, added] = [vi.fn(), vi.fn()];
  const subscription = node.onCancel(disposed);
  node.onCancel((reason) => {
    subscription[Symbol.dispose]();
    node.onCancel(added);
    node.cancel('again');
    expect(reason).toBe('over');
  });
  node.cancel('over');
  expect(disposed).not.toHaveBeenCalled();
  expect(added).toHaveBeenCalledExactlyOnceWith('over');
  expect(node.reason).toBe('over');
});

test('tells all listeners the first reason, even when one of them cancels the parent with another', () => {
  const parent = new Cancellation();
  const node = new Cancellation(parent);
  const older = vi.fn();
  node.onCancel(older);
  node.onCancel(() => parent.cancel('parent'));
  node.cancel('own');
  expect(older).toHaveBeenCalledExactlyOnceWith('own');
  expect([node.reason, parent.reason]).toEqual(['own', 'parent']);
});

test('makes one signal, on first read, that aborts with the reason', () => {
  const parent = new Cancellation();
  const node = new Cancellation(parent);
  const { signal } = node;
  expect(node.signal).toBe(signal);
  expect(parent.listenerCount).toBe(1);
  const reason = new Error('over');
  parent.cancel(reason);
  expect([signal.aborted, signal.reason]).toEqual([true, reason]);
});

test('makes an aborted signal when read after the cancellation', () => {
  const node = new Cancellation();
  const reason = new Error('over');
  node.cancel(reason);
  expect([node.signal.aborted, node.signal.reason]).toEqual([true, reason]);
});

test('lets many calls in parallel share the signal without a warning of a leak', () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const { signal } = new Cancellation();
  for (let call = 0; call < 50; call++) signal.addEventListener('abort', () => {});
  expect(getEventListeners(signal, 'abort')).toHaveLength(50);
  expect(warning).not.toHaveBeenCalled();
});

test('forgets its listeners and leaves its parent when disposed', () => {
  const parent = new Cancellation();
  const node = new Cancellation(parent);
  const listener = vi.fn();
  node.onCancel(listener);
  const { signal } = node;
  node[Symbol.dispose]();
  expect([parent.listenerCount, node.listenerCount]).toEqual([0, 0]);
  parent.cancel('over');
  expect(listener).not.toHaveBeenCalled();
  expect(signal.aborted).toBe(false);
  expect(node.cancelled).toBe(true);
});
