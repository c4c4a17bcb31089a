/** Choosing without calling, for clients that place their calls by themselves. */
import { background, liveValue } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { balancedService, endpointAt } from '../fixtures/balanced-service.js';
import type { Endpoint } from '../membership/endpoint.js';
import { leastRequest } from '../pick/least-request.js';
import { prequal } from '../pick/prequal.js';
import { roundRobin } from '../pick/round-robin.js';

const refused = () => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

test('a choice is counted when its call begins, and once', () => {
  const { service } = balancedService([1]);
  const chosen = service.choose('?', background);
  expect(service.report()).toMatchObject([{ inFlight: 0, picks: 0 }]);
  const placed = chosen.begin();
  expect(service.report()).toMatchObject([{ inFlight: 1, picks: 1 }]);
  placed.answered(1);
  expect(service.report()).toMatchObject([{ inFlight: 0, picks: 1 }]);
});

test('choices see the calls under way', () => {
  const { service } = balancedService([1, 2], { balancer: leastRequest() });
  const first = service.choose('?', background);
  first.begin();
  for (let choice = 0; choice < 20; choice++) {
    expect(service.choose('?', background).endpoint).not.toBe(first.endpoint);
  }
});

test('a caller who gives up shows that an endpoint is slow, and not that it fails', async () => {
  const { service, clock, events } = balancedService([1], { ejection: { consecutiveFailures: 1 } });
  const placed = service.choose('?', background).begin();
  await clock.advance(700);
  placed.abandoned();
  expect(service.report()).toMatchObject([{ inFlight: 0 }]);
  expect(service.report()[0]?.load).toBeGreaterThan(600);
  expect(events.names).not.toContain('endpoint.ejected');
});

test('nobody known is an error at once', () => {
  const { service } = balancedService([]);
  expect(() => service.choose('?', background)).toThrow(/no instance is known/);
});

test('a choice whose endpoint has left counts nowhere', async () => {
  const endpoints = liveValue<readonly Endpoint[]>([endpointAt(1)]);
  const { service } = balancedService([], { endpoints });
  const chosen = service.choose('?', background);
  endpoints.set([endpointAt(2)]);
  await service.choose('?', background);
  const placed = chosen.begin();
  expect(service.report()).toMatchObject([{ inFlight: 0, picks: 0 }]);
  placed.failed(refused());
  expect(service.report()).toMatchObject([{ inFlight: 0, picks: 0, ejection: undefined }]);
});

test('disposing waits for a call that was placed', async () => {
  const { service } = balancedService([1]);
  const placed = service.choose('?', background).begin();
  let over = false;
  const disposed = service[Symbol.asyncDispose]().then(() => {
    over = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(over).toBe(false);
  placed.answered(1);
  await disposed;
});

test('a balancer that asks first is taken at what it would choose without asking', () => {
  const { service } = balancedService([1, 2, 3], { balancer: prequal() });
  expect(service.choose('?', background).endpoint.id).toMatch(/^inventory-/);
});

describe('an ejected endpoint', () => {
  /** One of two is out, and due to be tried. */
  async function oneDue() {
    const parts = balancedService([1, 2], { balancer: roundRobin(), ejection: { baseMs: 1000, slowStartMs: 0 } });
    const { service, clock } = parts;
    for (let choice = 0; choice < 2; choice++) {
      const chosen = service.choose('?', background);
      if (chosen.endpoint.id === 'inventory-1') chosen.begin().failed(refused());
    }
    await clock.advance(60_000);
    return { ...parts, choose: () => service.choose('?', background) };
  }

  test('is chosen again after a while when the call that was to try it never began', async () => {
    const { choose, clock } = await oneDue();
    expect(choose().endpoint.id).toBe('inventory-1');
    // Meanwhile the others are called.
    expect(choose().endpoint.id).toBe('inventory-2');
    await clock.advance(200);
    expect(choose().endpoint.id).toBe('inventory-1');
  });

  test('is tried by one call, and comes back by its answer', async () => {
    const { choose, clock, events } = await oneDue();
    const trial = choose().begin();
    await clock.advance(200);
    expect(choose().endpoint.id).toBe('inventory-2');
    trial.answered(1);
    expect(events.names).toContain('endpoint.readmitted');
    expect(new Set([choose().endpoint.id, choose().endpoint.id])).toEqual(new Set(['inventory-1', 'inventory-2']));
  });
});
