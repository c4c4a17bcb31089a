import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CompiledFlag, compileFlags } from './compiled-flag.js';
import { explainFlag } from './explain-flag.js';
import type { FlagContext } from './flag-context.js';
import type { FlagDefinitions } from './flag-definition.js';
import { flagsSchema } from './flags-schema.js';

const word = fc.constantFrom('a', 'b', 'plan', 'company.country', 'targetingKey', '2.3.1', '2027-01-01', '');
const plainValue = fc.oneof(word, fc.integer({ min: -2, max: 3 }), fc.double(), fc.boolean());
const texts = fc.oneof(
  fc.constantFrom('a', 'b', 'com'),
  fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 }),
);
const number = fc.integer({ min: -2, max: 3 });
const date = fc.constantFrom('2026-06-01', '2027-01-01T00:00:00Z');
/** Operators as they should be, but for the last ones. */
const tested = fc.oneof(
  fc.record({
    equals: plainValue.filter((value) => !Number.isNaN(value) && Math.abs(Number(value)) !== Number.POSITIVE_INFINITY),
  }),
  fc.record({ in: fc.array(fc.oneof(word, number), { minLength: 1, maxLength: 3 }) }),
  ...['startsWith', 'endsWith', 'contains'].map((name) => fc.record({ [name]: texts })),
  ...['lessThan', 'atMost', 'moreThan', 'atLeast'].map((name) => fc.record({ [name]: number })),
  ...['before', 'after'].map((name) => fc.record({ [name]: date })),
  fc.record({ semver: fc.constantFrom('>=2 <3', '^1', '*') }),
  fc.record({ exists: fc.boolean() }),
  { arbitrary: fc.dictionary(fc.constantFrom('equals', 'in', 'atMost', 'odd'), plainValue), weight: 1 },
);

const { condition } = fc.letrec<{ condition: unknown; leaf: unknown }>((tie) => ({
  leaf: fc
    .tuple(
      word.filter((attribute) => attribute !== ''),
      tested,
    )
    .map(([attribute, operators]) => ({ attribute, ...operators })),
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie('condition').map((not) => ({ not })),
  ),
}));
const variant = fc.constantFrom('on', 'off', 'other');
const rule = fc
  .tuple(
    fc.record({ if: condition }, { requiredKeys: [] }),
    fc.oneof(
      { arbitrary: fc.record({ serve: variant }), weight: 4 },
      {
        arbitrary: fc.record({
          rollout: fc.dictionary(variant, fc.integer({ min: 0, max: 33 }), { minKeys: 1 }),
          by: fc.constantFrom('plan', 'targetingKey'),
        }),
        weight: 4,
      },
      fc.record(
        { rollout: fc.dictionary(variant, fc.oneof(fc.double(), fc.integer())), serve: variant },
        { requiredKeys: [] },
      ),
    ),
  )
  .map(([who, what]) => ({ ...who, ...what }));
const names = ['f', 'g', 'h', 'i'];
const definition = fc.record(
  {
    enabled: fc.boolean(),
    variants: fc.constant({ on: 1, off: 2, other: 3 }),
    default: variant,
    off: variant,
    requires: fc.oneof(
      { arbitrary: fc.constant({}), weight: 4 },
      fc.dictionary(fc.constantFrom(...names), variant, { maxKeys: 1 }),
    ),
    rules: fc.array(rule, { maxLength: 3 }),
    salt: fc.constantFrom('a', 'b'),
  },
  { requiredKeys: ['variants'] },
);
const definitions = fc.record({ f: definition, g: definition, h: definition, i: definition });
const attributes = fc.dictionary(word, fc.oneof(fc.anything({ withDate: true, maxDepth: 2 }), plainValue), {
  maxKeys: 5,
});
const context = fc.record({ key: fc.option(word, { nil: undefined }), attributes });

/** The flags, if the definitions are good. */
function checked(value: unknown): ReadonlyMap<string, CompiledFlag> | undefined {
  const result = flagsSchema['~standard'].validate(value);
  if (result instanceof Promise || result.issues) return undefined;
  return compileFlags(result.value);
}

test('whatever is defined is refused or answers any context without throwing, as its explanation says', () => {
  let [good, decided] = [0, 0];
  fc.assert(
    fc.property(definitions, fc.array(context, { minLength: 1, maxLength: 4 }), (defined, contexts) => {
      const flags = checked(defined);
      if (!flags) return;
      good++;
      for (const each of contexts as FlagContext[]) {
        for (const flag of flags.values()) {
          const outcome = flag.resolve(each.key, each.attributes ?? {});
          const { variant: explained, reason, steps } = explainFlag(flag, each);
          expect([explained, reason]).toEqual([outcome.variant, outcome.reason]);
          const deciding = steps.filter((step) => 'decides' in step && step.decides);
          expect(deciding.length).toBe(outcome.reason === 'DISABLED' ? 0 : 1);
          if (outcome.reason === 'SPLIT' || outcome.reason === 'TARGETING_MATCH') decided++;
        }
      }
    }),
    { numRuns: 400 },
  );
  // Otherwise nothing was tested.
  expect([good > 50, decided > 50]).toEqual([true, true]);
});

test('whatever stands below flags, checking it does not throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.anything({ maxDepth: 4 }), fc.dictionary(fc.string(), fc.anything({ maxDepth: 4 }))),
      (value) => {
        checked(value);
      },
    ),
    { numRuns: 500 },
  );
});

test('a key keeps its variant in a new process, and whoever was in stays in while a roll-out widens', () => {
  const of = (percent: number): FlagDefinitions => ({ f: { default: 'off', rules: [{ rollout: { on: percent } }] } });
  const keys = Array.from({ length: 300 }, (_, index) => `user-${index}`);
  const inside = (percent: number) => {
    const flag = checked(of(percent))?.get('f');
    return new Set(keys.filter((key) => flag?.resolve(key, {}).variant === 'on'));
  };
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), (one, other) => {
      const [narrow, wide] = [inside(Math.min(one, other)), inside(Math.max(one, other))];
      expect([...narrow].filter((key) => !wide.has(key))).toEqual([]);
      expect([...inside(one)]).toEqual([...inside(one)]);
    }),
    { numRuns: 40 },
  );
  expect([inside(0).size, inside(100).size]).toEqual([0, keys.length]);
});

test('a prerequisite holds exactly where the other flag has a variant that is wanted', () => {
  const wanted = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 });
  const share = fc.integer({ min: 0, max: 33 });
  fc.assert(
    fc.property(wanted, share, share, fc.string(), (variants, a, b, key) => {
      const flags = checked({
        base: { variants: { a: 1, b: 2, c: 3 }, default: 'c', rules: [{ rollout: { a, b } }] },
        top: { requires: { base: variants }, default: 'on', off: 'off' },
      });
      const base = flags?.get('base')?.resolve(key, {}).variant ?? '';
      expect(flags?.get('top')?.resolve(key, {}).variant).toBe(variants.some((one) => one === base) ? 'on' : 'off');
    }),
  );
});
