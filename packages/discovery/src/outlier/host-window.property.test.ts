import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ABSOLUTE, CALLS, FAILURES, HostWindow, RELATIVE, RELATIVE_SQUARES, TIMED } from './host-window.js';

/** What happens: sweeps that begin, calls that end, calls whose time is known. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('sweeps' as const), by: fc.integer({ min: -2, max: 9 }) }),
  fc.record({ kind: fc.constant('ended' as const), failed: fc.boolean() }),
  fc.record({ kind: fc.constant('took' as const), relative: fc.integer({ min: -8, max: 8 }) }),
);

/** Keeps everything for ever, with the sweep that it happened in. */
class NaiveWindow {
  readonly kept: { sweep: number; field: number; amount: number }[] = [];
  running = 0;

  add(field: number, amount: number): void {
    this.kept.push({ sweep: this.running, field, amount });
  }

  total(field: number, sweeps: number): number {
    return this.kept
      .filter((each) => each.field === field && each.sweep < this.running && each.sweep >= this.running - sweeps)
      .reduce((sum, { amount }) => sum + amount, 0);
  }
}

describe('the window of an endpoint', () => {
  test('sums exactly what happened in the last whole sweeps, however time moves on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 120 }), (sweeps, steps) => {
        const window = new HostWindow(sweeps);
        const naive = new NaiveWindow();
        for (const each of steps) {
          if (each.kind === 'sweeps') {
            window.advance(naive.running + each.by);
            naive.running = Math.max(naive.running, naive.running + each.by);
          } else if (each.kind === 'ended') {
            window.ended(each.failed);
            naive.add(CALLS, 1);
            if (each.failed) naive.add(FAILURES, 1);
          } else {
            window.took(each.relative, 3);
            for (const [field, amount] of [
              [TIMED, 1],
              [RELATIVE, each.relative],
              [RELATIVE_SQUARES, each.relative ** 2],
              [ABSOLUTE, 3],
            ] as const) {
              naive.add(field, amount);
            }
          }
          for (let field = CALLS; field <= ABSOLUTE; field++) {
            expect(window.total(field)).toBe(naive.total(field, sweeps));
            expect(window.total(field, 1)).toBe(naive.total(field, 1));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('knows what happens in the sweep that runs, and forgets all when it is cleared', () => {
    const window = new HostWindow(2);
    window.advance(7);
    window.ended(true);
    window.advance(8);
    window.ended(false);
    expect([window.total(CALLS), window.withRunning(CALLS), window.withRunning(FAILURES)]).toEqual([1, 2, 1]);
    window.clear();
    expect([window.total(CALLS), window.withRunning(CALLS)]).toEqual([0, 0]);
  });
});
