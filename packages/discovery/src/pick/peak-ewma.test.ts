import { describe, expect, test } from 'vitest';
import type { LoadMeter } from './balancer.js';
import { peakEwmaMeter } from './peak-ewma.js';

const options = { decayMs: 10_000, seedMs: 30, failureMs: 5000 };

/** A meter of an endpoint whose last answer, and the first to count, took this long. */
function measured(elapsedMs: number): LoadMeter {
  const meter = peakEwmaMeter(options, 0);
  for (let answer = 1; answer <= 3; answer++) meter.succeeded(0, elapsedMs);
  return meter;
}

describe('peak EWMA', () => {
  test('assumes the seed of an endpoint nobody has called, and nothing good while its first call is under way', () => {
    const meter = peakEwmaMeter(options, 0);
    expect(meter.load(0, 0)).toBe(30);
    expect(meter.load(0, 1)).toBeGreaterThan(1e6);
    expect(meter.load(1000, 0)).toBeCloseTo(30 / Math.E, 9);
    expect(meter.load(60_000, 0)).toBeLessThan(0.001);
  });

  test('does not hold its first two answers against an endpoint, which pay for connecting', () => {
    const meter = peakEwmaMeter(options, 0);
    meter.succeeded(5000, 400);
    meter.succeeded(5000, 200);
    expect(meter.load(5000, 0)).toBeLessThan(1);
    expect(meter.load(5000, 1)).toBeGreaterThan(1e6);
    meter.succeeded(5000, 8);
    expect(meter.load(5000, 1)).toBe(16);
  });

  test('counts a failure and a caller who gave up from the first', () => {
    const failing = peakEwmaMeter(options, 0);
    failing.failed(0, 0);
    expect(failing.load(0, 0)).toBe(5000);
    const hanging = peakEwmaMeter(options, 0);
    hanging.abandoned(0, 700);
    expect(hanging.load(0, 0)).toBe(700);
  });

  test('takes over a slower sample at once and forgets it by exp(−Δt/τ)', () => {
    const meter = measured(10);
    meter.succeeded(0, 200);
    expect(meter.load(0, 0)).toBe(200);
    meter.succeeded(10_000, 20);
    expect(meter.load(10_000, 0)).toBeCloseTo(200 / Math.E + 20 * (1 - 1 / Math.E), 9);
  });

  test('multiplies by the calls under way and the new one', () => {
    const meter = measured(10);
    expect(meter.load(0, 3)).toBe(40);
  });

  test('projects the decay when read, without writing it', () => {
    const meter = measured(100);
    expect(meter.load(10_000, 0)).toBeCloseTo(100 / Math.E, 9);
    expect(meter.load(10_000, 0)).toBeCloseTo(100 / Math.E, 9);
    expect(meter.load(0, 0)).toBe(100);
  });

  test('takes a failure for at least 5 s, for as long as the endpoint asked to wait, and never for less than before', () => {
    const meter = measured(1);
    meter.failed(0, 0);
    expect(meter.load(0, 0)).toBe(5000);
    meter.failed(0, 9000);
    expect(meter.load(0, 0)).toBe(9000);
    meter.failed(0, 0);
    expect(meter.load(0, 0)).toBe(9000);
  });

  test('never thinks an endpoint faster than a caller waited in vain', () => {
    const meter = measured(10);
    meter.abandoned(0, 4);
    expect(meter.load(0, 0)).toBe(10);
    meter.abandoned(0, 700);
    expect(meter.load(0, 0)).toBe(700);
    meter.succeeded(0, 10);
    meter.abandoned(10_000, 600);
    expect(meter.load(10_000, 0)).toBe(600);
  });

  test('thinks an endpoint as slow as all waits in vain together while it does not answer, up to a failure', () => {
    const meter = measured(10);
    for (let wait = 0; wait < 3; wait++) meter.abandoned(0, 500);
    expect(meter.load(0, 0)).toBe(1500);
    for (let wait = 0; wait < 100; wait++) meter.abandoned(20_000, 500);
    expect(meter.load(20_000, 0)).toBe(5000);
  });

  test('counts waits in vain together neither with those before an answer nor with those shorter than usual', () => {
    const meter = measured(100);
    meter.abandoned(0, 500);
    meter.succeeded(0, 500);
    for (let wait = 0; wait < 100; wait++) meter.abandoned(10_000, 400);
    expect(meter.load(10_000, 0)).toBe(400);
    meter.succeeded(10_000, 500);
    for (let round = 0; round < 100; round++) {
      meter.abandoned(10_000, 600);
      meter.succeeded(10_000, 100);
    }
    expect(meter.load(10_000, 0)).toBe(600);
  });

  test('thinks an endpoint nobody waits for no slower than a failure, and keeps what a failure asked for', () => {
    const meter = measured(10);
    meter.failed(0, 9000);
    meter.succeeded(0, 10);
    for (let wait = 0; wait < 100; wait++) meter.abandoned(0, 500);
    expect(meter.load(0, 0)).toBe(9000);
    meter.abandoned(0, 12_000);
    expect(meter.load(0, 0)).toBe(12_000);
  });
});
