import { describe, expect, test } from 'vitest';
import { peakEwmaMeter } from './peak-ewma.js';

const options = { decayMs: 10_000, seedMs: 30, failureMs: 5000 };

describe('peak EWMA', () => {
  test('assumes the seed of an endpoint nobody has called, and nothing good while its first call is under way', () => {
    const meter = peakEwmaMeter(options, 0);
    expect(meter.load(0, 0)).toBe(30);
    expect(meter.load(0, 1)).toBeGreaterThan(1e6);
    expect(meter.load(10_000, 0)).toBeCloseTo(30 / Math.E, 9);
    expect(meter.load(10_000_000, 0)).toBe(1);
  });

  test('takes over a slower sample at once and forgets it by exp(−Δt/τ)', () => {
    const meter = peakEwmaMeter(options, 0);
    meter.succeeded(0, 10);
    meter.succeeded(0, 200);
    expect(meter.load(0, 0)).toBe(200);
    meter.succeeded(10_000, 20);
    expect(meter.load(10_000, 0)).toBeCloseTo(200 / Math.E + 20 * (1 - 1 / Math.E), 9);
  });

  test('multiplies by the calls under way and the new one', () => {
    const meter = peakEwmaMeter(options, 0);
    meter.succeeded(0, 10);
    expect(meter.load(0, 3)).toBe(40);
  });

  test('projects the decay when read, without writing it', () => {
    const meter = peakEwmaMeter(options, 0);
    meter.succeeded(0, 100);
    expect(meter.load(10_000, 0)).toBeCloseTo(100 / Math.E, 9);
    expect(meter.load(10_000, 0)).toBeCloseTo(100 / Math.E, 9);
    expect(meter.load(0, 0)).toBe(100);
  });

  test('takes a failure for at least 5 s, for as long as the endpoint asked to wait, and never for less than before', () => {
    const meter = peakEwmaMeter(options, 0);
    meter.succeeded(0, 1);
    meter.failed(0, 0);
    expect(meter.load(0, 0)).toBe(5000);
    meter.failed(0, 9000);
    expect(meter.load(0, 0)).toBe(9000);
    meter.failed(0, 0);
    expect(meter.load(0, 0)).toBe(9000);
  });

  test('never thinks an endpoint faster than a caller waited in vain', () => {
    const meter = peakEwmaMeter(options, 0);
    meter.succeeded(0, 10);
    meter.abandoned(0, 4);
    expect(meter.load(0, 0)).toBe(10);
    meter.abandoned(0, 700);
    expect(meter.load(0, 0)).toBe(700);
  });
});
