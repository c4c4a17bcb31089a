import { expect, test } from 'vitest';
import { background, cancellable } from '../context/call-context.js';
import { scriptedService } from './scripted-service.js';

test('lets each call wait until the test decides it', async () => {
  const service = scriptedService<string, number>();
  const [first, second] = [service.call('first', background), service.call('second', background)];
  expect(service.waiting.map(({ request }) => request)).toEqual(['first', 'second']);
  service.waiting[1]?.succeed(2);
  service.waiting[0]?.fail(new Error('failed'));
  await expect(second).resolves.toBe(2);
  await expect(first).rejects.toThrow('failed');
  expect(service.calls.map(({ open }) => open)).toEqual([false, false]);
});

test('answers from its script in order, then waits again', async () => {
  const service = scriptedService<string, number>(1, new Error('second fails'));
  service.script(
    (request) => request.length,
    async () => {
      throw new Error('fourth fails');
    },
  );
  await expect(service.call('a', background)).resolves.toBe(1);
  await expect(service.call('b', background)).rejects.toThrow('second fails');
  await expect(service.call('three', background)).resolves.toBe(5);
  await expect(service.call('d', background)).rejects.toThrow('fourth fails');
  service.call('e', background);
  expect(service.waiting).toHaveLength(1);
});

test('answers undefined when the script says so', async () => {
  await expect(scriptedService<string, undefined>(undefined).call('a', background)).resolves.toBeUndefined();
});

test('ends a waiting call with the caller’s reason, leaves no listener, and ignores later decisions', async () => {
  const service = scriptedService<string, number>();
  const { context, cancel, cancellation } = cancellable();
  const call = service.call('a', context);
  expect(cancellation.listenerCount).toBe(1);
  const reason = new Error('gone');
  cancel(reason);
  service.calls[0]?.succeed(1);
  await expect(call).rejects.toBe(reason);
  expect([service.waiting.length, cancellation.listenerCount]).toEqual([0, 0]);
});

test('refuses a call that is cancelled already and keeps its script for the next', async () => {
  const service = scriptedService<string, number>(1);
  const { context, cancel } = cancellable();
  cancel('gone');
  await expect(service.call('a', context)).rejects.toBe('gone');
  await expect(service.call('b', background)).resolves.toBe(1);
});

test('says the status that the test has set', () => {
  const service = scriptedService();
  expect(service.status()).toBe('ready');
  service.setStatus('busy');
  expect(service.status()).toBe('busy');
});
