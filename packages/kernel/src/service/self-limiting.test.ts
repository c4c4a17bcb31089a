import { expect, test } from 'vitest';
import { endsWhenCancelled, isSelfLimiting, markCancellable, markSelfLimiting } from './self-limiting.js';
import { serviceOf } from './service-of.js';
import { stack } from './stack.js';

const limits = (service: object) => [endsWhenCancelled(service), isSelfLimiting(service)];
const service = () => serviceOf(async () => 1);

test('nothing is known of a service that nobody has marked', () => {
  expect(limits(service())).toEqual([false, false]);
});

test('a service that ends when cancelled need not look at deadlines; one that looks at them does both', () => {
  const cancellable = service();
  markCancellable(cancellable);
  expect(limits(cancellable)).toEqual([true, false]);
  const limited = service();
  markSelfLimiting(limited);
  expect(limits(limited)).toEqual([true, true]);
});

test('a service that adds no waiting of its own is as all of those inside it are', () => {
  const [cancellable, limited, outer] = [service(), service(), service()];
  markCancellable(cancellable);
  markSelfLimiting(limited);
  markSelfLimiting(outer, { next: [cancellable, limited] });
  expect(limits(outer)).toEqual([true, false]);
  markSelfLimiting(outer, { next: [limited, service()] });
  expect(limits(outer)).toEqual([false, false]);
});

test('a built stack is as its outermost service is', () => {
  const limited = service();
  markSelfLimiting(limited);
  expect(limits(stack<unknown, number>().into(limited))).toEqual([true, true]);
  expect(limits(stack<unknown, number>().into(service()))).toEqual([false, false]);
});
