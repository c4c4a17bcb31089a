/**
 * For options of all layers, alone and together, with values at and beyond their limits: what the check of a policy passes
 * can be built and changed while calls run, and what it does not pass is refused before anything is built, or, where a live
 * value changes, leaves the last values in force.
 */
import { background, currentOf, type LiveSource, liveValue, makeEnv, OptionsError } from '@fwk/kernel';
import { fakeClock, recordEvents, scriptedService, seededRandom } from '@fwk/kernel/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import type { PolicyKit } from '../layer/policy-part.js';
import { canonicalOrder } from '../order/canonical-order.js';
import { quotaNeedsClient } from '../rate/rate-limit.js';
import { checkPolicy } from './check-policy.js';
import { guardLive } from './guard-live.js';
import { PolicyCore } from './policy-core.js';
import { functionKind, type PolicyKind } from './policy-kind.js';
import type { PolicyOptions } from './policy-options.js';

let warnings: MockInstance;
beforeEach(() => {
  warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => warnings.mockRestore());

type Values = Readonly<Record<string, unknown>>;

const numbers = [0, 0.01, 0.5, 1, 2, 5, 20, 60, 200, 1000, 6000, 70_000, 4_000_000, Number.POSITIVE_INFINITY, -1];
const names = ['token-bucket', 'sliding-window', 'fixed-window', 'gradient2', 'vegas', 'aimd', 'exponential', 'fixed'];
const others = ['auto', 'give-up', 'cooperative', true, false, [0, 5], {}, () => 'key', undefined];
const pool: readonly unknown[] = [...numbers, ...names, ...others];

const layers = canonicalOrder.filter(({ field }) => field !== 'fallback');
const kit: PolicyKit = { policy: 'quote', list: () => () => {} };
const wholeFunction: PolicyKind = { ...functionKind, scopes: ['call', 'endpoint', 'server'] };

/** Options of one layer: mostly right for themselves, so that what is wrong is wrong together. */
function optionsOf({ rules, needed }: (typeof layers)[number]): fc.Arbitrary<Values> {
  const fields = Object.fromEntries(
    Object.entries(rules).flatMap(([name, rule]) => {
      // The policy puts one of its own there.
      if (name === 'onBuilt') return [];
      const right = pool.filter((value) => rule(value) === undefined);
      return [[name, fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...right) }, fc.constantFrom(...pool))]];
    }),
  );
  return fc.record(fields, { requiredKeys: [] }).map((given) => ({ ...needed, ...given }));
}

/** The options of a policy with this layer alone. */
function policyOf({ field, single, beside }: (typeof layers)[number], options: Values): PolicyOptions {
  if (single === undefined) return { [field]: options };
  const others = Object.entries(beside).map(([name, from]) => [from, options[name]] as const);
  return { [field]: options[single], ...Object.fromEntries(others) };
}

const anyPolicy: fc.Arbitrary<PolicyOptions> = fc
  .tuple(
    ...layers.map((part) =>
      fc.option(
        optionsOf(part).map((options) => policyOf(part, options)),
        { nil: {} },
      ),
    ),
  )
  .map((parts) => Object.assign({}, ...parts) as PolicyOptions);
const oneLayer: fc.Arbitrary<PolicyOptions> = fc.oneof(
  ...layers.map((part) => optionsOf(part).map((options) => policyOf(part, options))),
);
const policies = fc.oneof({ weight: 4, arbitrary: oneLayer }, anyPolicy);

const levels = (options: PolicyOptions) => [{ from: 'policy' as const, options }];
const passes = (options: PolicyOptions) => {
  try {
    checkPolicy('quote', wholeFunction, levels(options));
    return true;
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    return false;
  }
};

/** Begins some calls on a clock that stands, and tells what they failed with that is none of a call's usual failures. */
async function mishaps(core: PolicyCore, between: () => void = () => {}): Promise<readonly unknown[]> {
  const clock = fakeClock();
  const events = recordEvents();
  const env = core.env(makeEnv({ clock, random: seededRandom(1), events }));
  const inner = scriptedService<string, string>('answer', new Error('down'), 'answer', new Error('down'));
  const service = core.buildCalls<string, string>(core.stackOf(wholeFunction.scopes).layers, inner, env);
  const found: unknown[] = [];
  for (let call = 0; call < 6; call++) {
    if (call === 3) between();
    service.call('q', background).catch((error: unknown) => {
      if (error instanceof OptionsError || error instanceof TypeError || error instanceof RangeError) found.push(error);
    });
    service.status();
    await clock.settle();
  }
  return found;
}

const made = (options: PolicyOptions, follows = false) =>
  new PolicyCore('quote', wholeFunction, levels(guardLive('quote', options)), fakeClock(), follows);

/** The options of a policy as they are in force. */
function inForce(core: PolicyCore): PolicyOptions {
  const now = (options: object): object =>
    Object.fromEntries(
      Object.entries(options).map(([name, value]) => {
        const held: unknown = currentOf(value);
        return [name, layers.some(({ field, single }) => field === name && !single) && held ? now(held) : held];
      }),
    );
  return now(core.options());
}

describe.each(layers.map((part) => [part.field, part] as const))('%s', (_, part) => {
  test('is made by itself of the options that its check passes, and of no others', () => {
    fc.assert(
      fc.property(optionsOf(part), (options) => {
        const tried = (run: () => unknown) => {
          try {
            run();
            return 'passed';
          } catch (error) {
            return error instanceof OptionsError ? error.problems : error;
          }
        };
        const made = tried(() => part.make(options, kit).map((layer) => layer.describe()));
        const checked = tried(() => part.check(options));
        // A function has nobody who reads the answers of a callee. That its options ask for it is found by the check of a policy.
        const isUnheard = checked === 'passed' && options.followQuota === true;
        expect(made).toEqual(isUnheard ? [quotaNeedsClient] : checked);
      }),
    );
  });
});

test.each([
  ['that stays as it is', false],
  ['that follows its definition', true],
])('a policy %s is built of whatever its check passes, and takes calls', async (_, follows) => {
  await fc.assert(
    fc.asyncProperty(policies, async (options) => {
      fc.pre(passes(options));
      const core = made(options, follows);
      expect(await mishaps(core)).toEqual([]);
      expect(core.settings.length).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 150 },
  );
});

test('a followed policy takes on whatever its check passes, while calls run, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(policies, policies, async (first, second) => {
      fc.pre(passes(first));
      const core = made(first, true);
      const next = levels(second);
      const mayFollow = passes(second);
      if (!mayFollow) expect(() => core.check(next)).toThrowError(OptionsError);
      const follow = () => {
        core.check(next);
        core.follow(next);
      };
      expect(await mishaps(core, mayFollow ? follow : undefined)).toEqual([]);
      expect(inForce(core)).toEqual(inForce(made(mayFollow ? second : first)));
    }),
    { numRuns: 150 },
  );
});

/** The policy with something else in place of each value that may change while it runs. */
function exchanged(options: PolicyOptions, other: (path: string, value: unknown) => unknown): PolicyOptions {
  const fields = Object.entries(options).map(([field, given]: [string, unknown]) => {
    const part = layers.find((each) => each.field === field);
    if (!part || given === undefined || given === false) return [field, given];
    if (part.single !== undefined) return [field, other(field, given)];
    const own = Object.entries(given as Values).map(([name, value]) => [
      name,
      part.tunable.includes(name) && value !== undefined ? other(`${field}.${name}`, value) : value,
    ]);
    return [field, Object.fromEntries(own)];
  });
  return Object.fromEntries(fields) as PolicyOptions;
}

/** Another value of an option, mostly one that is right for itself. */
function another(path: string, pick: number): unknown {
  const [field, name] = path.split('.');
  const part = layers.find((each) => each.field === field)!;
  const rule = part.rules[name ?? part.single!]!;
  const right = pool.filter((value) => rule(value) === undefined);
  return pick % 20 === 0 ? pool[pick % pool.length] : right[pick % right.length];
}

test('live options of a policy come to be what its check passes together; what it does not pass is told and not taken', async () => {
  let [taken, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(policies, fc.infiniteStream(fc.nat(10_000)), async (options, picks) => {
      const asLive = (given: PolicyOptions) => exchanged(given, (_, value) => liveValue(value));
      fc.pre(passes(asLive(options)));
      const sources = new Map<string, LiveSource<unknown>>();
      const core = made(
        exchanged(options, (path, value) => {
          const source = liveValue(value);
          sources.set(path, source);
          return source;
        }),
      );
      const values = new Map([...sources.keys()].map((path) => [path, another(path, picks.next().value)]));
      const target = exchanged(options, (path) => values.get(path));
      warnings.mockClear();
      const change = () => {
        for (const [path, source] of sources) {
          source.set(values.get(path));
          // Somebody may look while only some have changed.
          if (picks.next().value % 3 === 0) inForce(core);
        }
      };
      expect(await mishaps(core, change)).toEqual([]);
      const now = inForce(core);
      expect(passes(asLive(now))).toBe(true);
      if (passes(asLive(target))) {
        taken++;
        expect(now).toEqual(inForce(made(asLive(target))));
      } else {
        refused++;
        expect(now).not.toEqual(target);
        expect(warnings).toHaveBeenCalled();
      }
    }),
    { numRuns: 300 },
  );
  expect(Math.min(taken, refused)).toBeGreaterThan(10);
});
