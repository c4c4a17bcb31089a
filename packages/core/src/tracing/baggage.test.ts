import { background, runInContext } from '@fwk/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { baggageKey, currentBaggage, maxBaggageLength, maxBaggageMembers, noBaggage, readBaggage } from './baggage.js';

const members = (header: string | readonly string[]) =>
  readBaggage(header)
    .entries()
    .map(({ name, value }) => [name, value]);

describe('reading baggage', () => {
  test.each([
    ['one member', 'tenant=north', [['tenant', 'north']]],
    [
      'several, with white space',
      ' tenant = north , user\t=\t7 ',
      [
        ['tenant', 'north'],
        ['user', '7'],
      ],
    ],
    ['an empty value', 'tenant=', [['tenant', '']]],
    ['equals signs in a value', 'a=b=c', [['a', 'b=c']]],
    ['percent-encoded text', 'name=J%C3%BCrgen%20%2C', [['name', 'Jürgen ,']]],
    ['bytes that are no UTF-8', 'a=%E9x', [['a', '\ufffdx']]],
    [
      'a percent sign alone',
      'a=5%,b=%zz',
      [
        ['a', '5%'],
        ['b', '%zz'],
      ],
    ],
    ['the last of equal names', 'a=1,a=2', [['a', '2']]],
    [
      'what is left of malformed ones',
      'a=1,b,=2,c d=3,d="4",e=ü,,f=6',
      [
        ['a', '1'],
        ['f', '6'],
      ],
    ],
    [
      'names as they are',
      '__proto__=1,A=2,a=3',
      [
        ['__proto__', '1'],
        ['A', '2'],
        ['a', '3'],
      ],
    ],
  ])('takes %s', (_, header, expected) => {
    expect(members(header)).toEqual(expected);
  });

  test('keeps properties, combines headers, and says that it is a claim', () => {
    const baggage = readBaggage(['a=1;ttl=60;x', 'b=2']);
    expect(baggage.entries()).toEqual([
      { name: 'a', value: '1', properties: 'ttl=60;x', claimed: true },
      { name: 'b', value: '2', properties: '', claimed: true },
    ]);
    expect(baggage.header).toBe('a=1;ttl=60;x,b=2');
  });

  test('keeps all of 64 members and 8192 bytes, and never a part of one', () => {
    const many = Array.from({ length: 70 }, (_, index) => `k${index}=v`);
    expect(readBaggage(many.join()).size).toBe(maxBaggageMembers);
    const value = 'x'.repeat(maxBaggageLength - 2);
    expect(readBaggage(`a=${value}`).header).toHaveLength(maxBaggageLength);
    expect(readBaggage(`a=${value}x,b=1`).header).toBe('b=1');
    expect(readBaggage(`b=1,a=${value}`).header).toBe('b=1');
  });

  test.each([' ', ',', '\t', 'a=1,', ';', '=', 'a=%', 'a=1;b', '%'])(
    'costs little for a header full of %j',
    (piece) => {
      const header = piece.repeat(16_384 / piece.length);
      const startMs = performance.now();
      for (let times = 0; times < 20; times++) readBaggage(header);
      // Quadratic work would take seconds.
      expect(performance.now() - startMs).toBeLessThan(1000);
    },
  );

  test('of any text never throws, is bounded, and reads what it writes', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ maxLength: 300 }), fc.stringMatching(/^([a-c]=[ -~]{0,9},?){0,90}$/)),
        (text) => {
          const baggage = readBaggage(text);
          expect(baggage.header.length).toBeLessThanOrEqual(maxBaggageLength);
          expect(members(baggage.header)).toEqual(members(text));
        },
      ),
    );
  });
});

describe('setting baggage', () => {
  test('hands on any text as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (value) => {
        expect(readBaggage(noBaggage.with('a', value).header).get('a')).toBe(value);
      }),
    );
  });

  test('leaves what there was, and is no claim', () => {
    const received = readBaggage('tenant=north;ttl=1');
    const own = received.with('user', '7').with('tenant', 'south').without('absent');
    expect(received.header).toBe('tenant=north;ttl=1');
    expect(own.entries().map(({ name, value, claimed }) => [name, value, claimed])).toEqual([
      ['tenant', 'south', false],
      ['user', '7', false],
    ]);
    expect(own.without('tenant').header).toBe('user=7');
  });

  test.each([
    ['a name with blanks', 'a b', 'x'],
    ['an empty name', '', 'x'],
    ['a line end in a name', 'a\n', 'x'],
    ['a value that is too long', 'a', 'x'.repeat(4097)],
  ])('refuses %s', (_, name, value) => {
    expect(() => noBaggage.with(name, value)).toThrow(expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID' }));
  });

  test('refuses more than may travel', () => {
    let many = noBaggage;
    for (let index = 0; index < maxBaggageMembers; index++) many = many.with(`k${index}`, 'v');
    expect(() => many.with('more', 'v')).toThrow(/64 members already/);
    expect(() => noBaggage.with('a', 'ü'.repeat(1000)).with('b', 'ü'.repeat(1000))).toThrow(/up to 8192 bytes/);
  });

  test('belongs to the call', () => {
    const context = background.with({ values: [baggageKey.of(noBaggage.with('tenant', 'north'))] });
    runInContext(context, () => expect(currentBaggage().get('tenant')).toBe('north'));
    expect(currentBaggage()).toBe(noBaggage);
    expect(context.with({ apart: true }).get(baggageKey)).toBe(noBaggage);
  });
});
