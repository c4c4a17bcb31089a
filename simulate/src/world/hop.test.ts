import { RemoteError } from '@fwk/http';
import {
  background,
  type CallContext,
  cancellable,
  doNotRetryMarks,
  isDoNotRetry,
  markDoNotRetry,
  serviceOf,
} from '@fwk/kernel';
import { BreakerOpenError } from '@fwk/resilience';
import { expect, test } from 'vitest';
import { simulation } from '../engine/simulation.js';
import { hop } from './hop.js';

function setUp(handle: (context: CallContext) => Promise<string> | string) {
  const world = simulation(1);
  const far = serviceOf<string, string>((_request, context) => handle(context));
  return { world, near: hop(world, { operation: 'stock.get', delayMs: () => 5 }, far) };
}

function failWith(error: unknown): Promise<RemoteError> {
  return failBy(() => error);
}

async function failBy(makeError: () => unknown): Promise<RemoteError> {
  const { world, near } = setUp(() => {
    throw makeError();
  });
  const failed = near.call('request', background).catch((reason: unknown) => reason);
  await world.clock.runUntil(100);
  return (await failed) as RemoteError;
}

test('takes its time both ways', async () => {
  const seen: number[] = [];
  const { world, near } = setUp(() => {
    seen.push(world.clock.now());
    return 'answer';
  });
  const answered = near.call('request', background).then((answer) => [answer, world.clock.now()]);
  await world.clock.runUntil(100);
  expect([...(await answered), ...seen]).toEqual(['answer', 10, 5]);
});

test('carries the deadline, and cancelling after one way; the caller hears its own reason at once', async () => {
  const heard: number[] = [];
  let deadlineMs = 0;
  const { world, near } = setUp((context) => {
    deadlineMs = context.deadlineMs;
    context.onCancel(() => heard.push(world.clock.now()));
    return new Promise(() => {});
  });
  const { context, cancel } = cancellable(background, { deadlineMs: 70 });
  const failed = near.call('request', context).catch((reason: unknown) => [reason, world.clock.now()]);
  world.at(20, () => cancel('enough'));
  await world.clock.runUntil(100);
  expect(await failed).toEqual(['enough', 20]);
  expect([heard, deadlineMs]).toEqual([[25], 70]);
});

test('turns errors into what a client of ours makes of the status', async () => {
  const plain = await failWith(new Error('secret'));
  expect(plain).toBeInstanceOf(RemoteError);
  expect([plain.status, plain.traits.retryable, plain.message.includes('secret')]).toEqual([500, true, false]);
  const refused = await failWith(new BreakerOpenError({ breaker: 'b', state: 'open' }, undefined));
  expect([refused.status, refused.traits.overloaded, refused.traits.retryAfterMs]).toEqual([503, true, 100]);
  expect((await failWith(plain)).status).toBe(502);
  expect((await failWith(refused)).status).toBe(503);
});

test('carries the mark of what should not be tried again', async () => {
  const marks = doNotRetryMarks();
  const error = new Error('down');
  expect(isDoNotRetry(await failWith(error), marks)).toBe(false);
  expect(isDoNotRetry(await failBy(() => markDoNotRetry(error)), marks)).toBe(true);
  expect(isDoNotRetry(await failWith(error), marks)).toBe(false);
});

test('carries what the server tells of its load when it answers, before the answer itself', async () => {
  const world = simulation(1);
  const load = { inFlight: 3, latencyMs: 12 };
  const happened: string[] = [];
  const far = serviceOf<string, string>(() => 'answer');
  const take = (...told: readonly unknown[]) => void happened.push(`told ${told} at ${world.clock.now()}`);
  const near = hop(world, { operation: 'stock.get', delayMs: () => 5, told: { load, take } }, far);
  void near.call('request', background).then((answer) => happened.push(answer));
  world.at(7, () => {
    load.inFlight = 9;
  });
  await world.clock.runUntil(20);
  expect(happened).toEqual(['told 3,12,false at 10', 'answer']);
});
