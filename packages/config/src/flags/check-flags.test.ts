import { describe, expect, test } from 'vitest';
import { flagsInMemory } from '../fixtures/flags-in-memory.js';
import { flagLimits } from './flag-definition.js';
import { flagsSchema } from './flags-schema.js';

/** What is wrong with definitions: path and message of each issue. */
function faults(definitions: unknown): string[] {
  const result = flagsSchema['~standard'].validate(definitions);
  if (result instanceof Promise) throw new Error('flags are checked at once');
  return (result.issues ?? []).map(({ path, message }) => `${(path ?? []).map(String).join('.')} ${message}`);
}

const rule = (condition: unknown) => ({ f: { rules: [{ if: condition, serve: 'on' }] } });

describe('a definition is refused with its path', () => {
  test.each([
    ['no object of flags', [1], [' must be an object of flags by name, not a list']],
    ['a bare value', { f: true }, ['f must be an object, such as { default: on }, not a boolean']],
    [
      'an unknown key',
      { f: { defualt: 'on' } },
      [/^f\.defualt is not known, perhaps "default" is meant; a flag has description, owner, enabled, /],
    ],
    ['a default that is no variant', { f: { default: 'yes' } }, ['f.default must be the name of a variant (on, off)']],
    ['a default that YAML reads as a boolean', { f: { default: true } }, [/^f\.default must be the name of a variant/]],
    ['no variants', { f: { variants: {} } }, ['f.variants must be 1 to 100 values by name, not 0']],
    [
      'variants of several kinds',
      { f: { variants: { a: 'x', b: 2, c: null, d: ['x'] } } },
      [
        'f.variants.b must be of the same kind as "a" (a string), not a number',
        'f.variants.c must be true, false, a text, a number, an object or a list, not null',
        'f.variants.d must be of the same kind as "a" (a string), not a list',
      ],
    ],
    ['a variant named by digits', { f: { variants: { 1: true } } }, [/^f\.variants\.1 has a name of digits alone/]],
    ['an infinite variant', { f: { variants: { a: Number.POSITIVE_INFINITY } } }, [/^f\.variants\.a must be true/]],
    [
      'wrong switches',
      { f: { enabled: 'yes', exposures: 1 } },
      ['f.enabled must be true or false, not a string', 'f.exposures must be true or false, not a number'],
    ],
    ['a date that is none', { f: { expires: 'next year' } }, [/^f\.expires must be a date such as 2027-03-31/]],
    ['a day that its month does not have', { f: { expires: '2027-02-31' } }, [/^f\.expires must be a date/]],
    ['a day that does not exist', { f: { expires: '2027-13-40' } }, [/^f\.expires must be a date/]],
    [
      'wrong metadata',
      { f: { metadata: { a: {} } } },
      ['f.metadata.a must be a text, a number, true or false, not an object'],
    ],
    [
      'a wrong experiment',
      { f: { experiment: { control: 'x', metrics: ['a', 1], odd: 1 } } },
      [
        /experiment\.odd is not known/,
        /experiment\.control must be the name of a variant/,
        /experiment\.metrics must be a list/,
      ],
    ],
    ['rules that are no list', { f: { rules: { a: 1 } } }, ['f.rules must be a list of rules, not an object']],
    ['a rule that gives nothing', { f: { rules: [{}] } }, ['f.rules.0 needs either "serve" or "rollout"']],
    [
      'a rule that gives two things',
      { f: { rules: [{ serve: 'on', rollout: { on: 1 } }] } },
      ['f.rules.0 needs either "serve" or "rollout"'],
    ],
    [
      'an unknown variant',
      { f: { rules: [{ serve: 'blue' }] } },
      ['f.rules.0.serve must be the name of a variant (on, off)'],
    ],
    ['by without a roll-out', { f: { rules: [{ serve: 'on', by: 'id' }] } }, ['f.rules.0.by belongs to a "rollout"']],
    [
      'a roll-out of too much',
      { f: { rules: [{ rollout: { on: 60, off: 50.5 } }] } },
      ['f.rules.0.rollout has 110.5 % in all; at most 100 % can be given'],
    ],
    [
      'a percentage that is none',
      { f: { rules: [{ rollout: { on: -1, off: '5' } }] } },
      [/^f\.rules\.0\.rollout\.on must be a percentage/, /^f\.rules\.0\.rollout\.off must be/],
    ],
    [
      'a percentage that is too fine',
      { f: { rules: [{ rollout: { on: 0.0001 } }] } },
      [/^f\.rules\.0\.rollout\.on must be .* in steps of 0\.001$/],
    ],
    [
      'a roll-out of a variant that is none',
      { f: { rules: [{ rollout: { blue: 1 } }] } },
      ['f.rules.0.rollout.blue is no variant; there are on, off'],
    ],
    ['a condition that is no object', rule('x'), [/^f\.rules\.0\.if must be an object with "attribute"/]],
    [
      'a condition that asks nothing',
      rule({ attribute: 'x' }),
      [/^f\.rules\.0\.if asks nothing of the attribute; add one of equals, in, /],
    ],
    [
      'an unknown operator',
      rule({ attribute: 'x', matches: '.*' }),
      [/^f\.rules\.0\.if\.matches is not known/, /^f\.rules\.0\.if asks nothing/],
    ],
    [
      'two kinds of condition in one',
      rule({ all: [], any: [] }),
      ['f.rules.0.if has both "all" and "any"; put one into the other'],
    ],
    ['an empty list of conditions', rule({ any: [] }), ['f.rules.0.if.any must be a list of at least one condition']],
    [
      'a fault deep inside',
      rule({ all: [{ attribute: 'a', equals: 1 }, { not: { attribute: 'x', atLeast: '5' } }] }),
      ['f.rules.0.if.all.1.not.atLeast must be a number'],
    ],
    [
      'wrong operands',
      rule({
        attribute: 'x',
        equals: null,
        in: [],
        startsWith: '',
        contains: [1],
        lessThan: Number.NaN,
        before: 'noon',
        semver: 'newest',
        exists: 'yes',
      }),
      [
        /equals must/,
        /in must be a list/,
        /startsWith must/,
        /contains must/,
        /lessThan must/,
        /before must be a date/,
        /semver must be a range/,
        /exists must/,
      ],
    ],
    [
      'no attribute',
      rule({ equals: 1 }),
      ['f.rules.0.if.attribute must be the name of an attribute, such as plan or company.country'],
    ],
    [
      'an attribute with an empty part',
      rule({ attribute: 'a..b', equals: 1 }),
      [/^f\.rules\.0\.if\.attribute must be/],
    ],
    [
      'a prerequisite that is no flag',
      { f: { requires: { g: 'on' } } },
      ['f.requires.g is no flag; "f" can only require flags that are defined'],
    ],
    [
      'a prerequisite’s variant that is none',
      { f: { requires: { g: ['on', 'x'] } }, g: {} },
      ['f.requires.g must be a variant of "g" or a list of them (on, off)'],
    ],
  ])('%s', (_what, definitions, expected) => {
    const found = faults(definitions);
    expect(found).toEqual(expected.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))));
  });

  test('all problems at once, at most 100', () => {
    expect(faults({ a: { default: 1 }, b: { rules: 1 }, c: 2 })).toHaveLength(3);
    expect(faults(Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, 1])))).toHaveLength(100);
  });
});

describe('prerequisites in a circle are refused with their path', () => {
  test.each([
    ['one', { a: { requires: { a: 'on' } } }, ['a.requires.a requires itself: a → a']],
    [
      'three, that another leads to',
      {
        x: { requires: { a: 'on' } },
        a: { requires: { b: 'on' } },
        b: { requires: { c: 'on' } },
        c: { requires: { a: 'on' } },
      },
      ['c.requires.a requires itself: a → b → c → a'],
    ],
    [
      'two circles',
      {
        a: { requires: { b: 'on' } },
        b: { requires: { a: 'on' } },
        c: { requires: { d: 'on' } },
        d: { requires: { c: 'on' } },
      },
      ['b.requires.a requires itself: a → b → a', 'd.requires.c requires itself: c → d → c'],
    ],
  ])('%s', (_what, definitions, expected) => {
    expect(faults(definitions)).toEqual(expected);
  });

  test('a long one is shortened, and none is where flags only share a prerequisite', () => {
    const names = Array.from({ length: 200 }, (_, index) => `f${index}`);
    const circle = Object.fromEntries(
      names.map((name, index) => [name, { requires: { [names[(index + 1) % 200] as string]: 'on' } }]),
    );
    const [found = ''] = faults(circle);
    expect(found).toContain('f0 → f1');
    expect(found.length).toBeLessThan(200);
    expect(faults({ a: { requires: { c: 'on' } }, b: { requires: { a: 'on', c: 'on' } }, c: {} })).toEqual([]);
  });
});

describe('hostile definitions are bounded', () => {
  const nested = (depth: number): object => (depth === 0 ? { attribute: 'x', equals: 1 } : { not: nested(depth - 1) });

  test('conditions that are too deep or too many', () => {
    expect(faults(rule(nested(flagLimits.conditionDepth - 1)))).toEqual([]);
    expect(faults(rule(nested(flagLimits.conditionDepth)))).toEqual([
      expect.stringContaining('is more than 10 conditions deep'),
    ]);
    const one = { attribute: 'x', equals: 1 };
    const many = { all: Array.from({ length: 2000 }, () => one) };
    expect(faults(rule(many))).toEqual([
      expect.stringMatching(/^f\.rules\.0\.if\.all\.\d+ is one condition too many; a flag has at most 1000$/),
    ]);
    const rules = Array.from({ length: 150 }, () => ({
      if: { all: Array.from({ length: 9 }, () => one) },
      serve: 'on',
    }));
    expect(faults({ f: { rules } })).toEqual([expect.stringContaining('too many')]);
  });

  test('lists, texts and rules that are too long', () => {
    expect(faults(rule({ attribute: 'x', in: Array.from({ length: 10_001 }, (_, index) => index) }))).toEqual([
      expect.stringContaining('f.rules.0.if.in must be a list of 1 to 10000 values'),
    ]);
    expect(faults(rule({ attribute: 'x', contains: Array.from({ length: 101 }, () => 'a') }))).toHaveLength(1);
    expect(faults(rule({ attribute: 'x', contains: 'a'.repeat(501) }))).toHaveLength(1);
    expect(faults(rule({ attribute: 'a'.repeat(501), equals: 1 }))).toHaveLength(1);
    expect(faults({ f: { rules: Array.from({ length: 201 }, () => ({ serve: 'on' })) } })).toHaveLength(1);
    expect(faults({ ['f'.repeat(501)]: {} })).toHaveLength(1);
    const variants = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`v${index}`, true]));
    expect(faults({ f: { variants } })).toHaveLength(1);
    const many = Array.from({ length: 50_000 }, (_, index) => `v${index}`);
    const g = { variants: Object.fromEntries(many.map((name) => [name, true])) };
    const rollout = Object.fromEntries(many.map((name) => [`other-${name}`, 0]));
    expect(faults({ g: { ...g, rules: [{ rollout }] } })[0]).toBe(
      'g.variants must be 1 to 100 values by name, not 50000',
    );
    expect(faults({ g, h: { requires: { g: many.toReversed() } } })).toHaveLength(2);
    const flags = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`f${index}`, {}]));
    expect(faults(flags)).toEqual([' must be at most 10000 flags, not 10001']);
  });

  test('prerequisites that multiply', () => {
    const layers = Array.from({ length: 12 }, (_, layer) => [`a${layer}`, `b${layer}`] as const);
    const flags = Object.fromEntries(
      layers.flatMap(([a, b], layer) => {
        const requires = layer === 0 ? {} : { [`a${layer - 1}`]: 'on', [`b${layer - 1}`]: 'on' };
        return [
          [a, { default: 'on', requires }],
          [b, { default: 'on', requires }],
        ];
      }),
    );
    expect(faults(flags)).toEqual([
      'a8.requires makes one answer look at 511 flags; at most 256 are allowed',
      'b8.requires makes one answer look at 511 flags; at most 256 are allowed',
    ]);
    const others = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`f${index}`, {}]));
    const requires = Object.fromEntries(Object.keys(others).map((name) => [name, 'on']));
    expect(faults({ ...others, f: { requires } })).toEqual(['f.requires must be at most 16 flags, not 17']);
    const chain = Object.fromEntries(
      Array.from({ length: 9000 }, (_, index) => [`f${index}`, { requires: { [`f${index + 1}`]: 'on' } }]),
    );
    expect(faults({ ...chain, f9000: {} })).toHaveLength(1);
  });

  test('keys that could change how objects work', async () => {
    const { edit, config } = await flagsInMemory({});
    for (const key of ['__proto__', 'constructor']) {
      await edit(JSON.parse(`{ "f": { "variants": { "${key}": true } } }`));
      expect(config.lastRefusal?.code).toBe('FWK_CONFIG_KEY_REFUSED');
      expect(config.lastRefusal?.reason).toContain(`"${key}" in "flags.f.variants"`);
    }
  });
});
