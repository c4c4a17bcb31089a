import fc from 'fast-check';
import { expect, test } from 'vitest';
import { combine } from './derived.js';
import type { Live } from './live.js';
import { liveValue } from './live-source.js';

type Step =
  | { readonly kind: 'set'; readonly source: number; readonly value: number }
  | { readonly kind: 'read' | 'observe' | 'leave' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), source: fc.nat(2), value: fc.integer({ min: -3, max: 3 }) }),
  fc.record({ kind: fc.constantFrom('read' as const, 'observe' as const, 'leave' as const) }),
);

test('equals recomputation after any sequence of sets, reads, subscriptions and departures', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, readsInListener) => {
      const sources = [liveValue(0), liveValue(0), liveValue(0)] as const;
      const square = sources[0].map((value) => value * value);
      const sum = combine([square, sources[1]], (left, right) => left + right);
      const derived: Live<number> = combine([sum, square, sources[2]], (...values) => Math.max(...values));
      const plain = [0, 0, 0] as [number, number, number];
      const model = () => Math.max(plain[0] ** 2 + plain[1], plain[0] ** 2, plain[2]);
      if (readsInListener) for (const source of sources) source.subscribe(() => derived.value);

      let observing: { subscription: Disposable; told: number; heard: number; expected: number } | undefined;
      let version = 0;
      for (const next of steps) {
        const before = model();
        if (next.kind === 'set') {
          plain[next.source] = next.value;
          sources[next.source]?.set(next.value);
          if (observing && model() !== before) observing.expected++;
        } else if (next.kind === 'read') {
          expect(derived.value).toBe(model());
        } else if (next.kind === 'observe' && !observing) {
          const started = { told: model(), heard: 0, expected: 0 };
          const subscription = derived.subscribe((value, previous) => {
            expect(previous).toBe(started.told);
            started.told = value;
            started.heard++;
          });
          observing = Object.assign(started, { subscription });
        } else if (next.kind === 'leave') {
          observing?.subscription[Symbol.dispose]();
          observing = undefined;
        }
        if (observing) {
          expect(observing.told).toBe(model());
          expect(observing.heard).toBe(observing.expected);
        }
        expect(derived.version).toBeGreaterThanOrEqual(version);
        version = derived.version;
      }
      expect(derived.value).toBe(model());
    }),
  );
});
