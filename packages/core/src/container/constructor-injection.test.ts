import { type InjectionKey, token } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { createContainer } from './create-container.js';
import { Inject } from './inject.js';
import { Injectable } from './injectable.js';
import { loadTsyringe } from './tsyringe-bridge.js';

@Injectable()
class Ledger {
  readonly lines: string[] = [];
}

interface Currency {
  readonly code: string;
}
const currencyToken = token<Currency>('currency', () => ({ code: 'EUR' }));

@Injectable()
class Till {
  readonly ledger: Ledger;
  readonly currency: Currency;
  constructor(ledger: Ledger, @Inject(currencyToken) currency: Currency) {
    this.ledger = ledger;
    this.currency = currency;
  }
}

/** Marks a class as a compiler would that emits these types for its constructor. */
function describeParameters(
  target: new (...parameters: never[]) => object,
  types: readonly unknown[] | undefined,
): void {
  const decorate = Injectable();
  const { metadata } = Reflect as unknown as { metadata(key: string, value: unknown): (target: object) => void };
  if (types) metadata('design:paramtypes', types)(target);
  decorate(target);
}

describe('constructor injection', () => {
  test('takes classes from emitted types and the rest from @Inject', () => {
    const container = createContainer();
    const till = container.get(Till);
    expect(till.ledger).toBe(container.get(Ledger));
    expect(till.currency.code).toBe('EUR');
    expect(container.get(Till)).toBe(till);
  });

  test('gives a subclass without a constructor what its parent takes', () => {
    @Injectable()
    class ExpressTill extends Till {}
    const container = createContainer();
    expect(container.get(ExpressTill).ledger).toBe(container.get(Ledger));
  });

  test('refuses a subclass without a constructor when nothing says what its parent takes', () => {
    class Desk {
      readonly ledger: unknown;
      constructor(ledger: unknown) {
        this.ledger = ledger;
      }
    }
    describeParameters(Desk, undefined);
    class Corner extends Desk {}
    describeParameters(Corner, undefined);
    class Lowered extends Desk {
      readonly number: number;
      // As compilers write it for fields and initializers.
      constructor(...all: [unknown]) {
        super(...all);
        this.number = 1;
      }
    }
    describeParameters(Lowered, undefined);
    for (const each of [Corner, Lowered]) {
      expect(() => createContainer().get(each)).toThrow(
        expect.objectContaining({ code: 'FWK_CORE_PARAMETERS_UNKNOWN' }),
      );
    }
  });

  test('asks nothing for a subclass that makes its parent itself, or that extends a class of a library', () => {
    class Desk {
      readonly ledger: unknown;
      constructor(ledger: unknown) {
        this.ledger = ledger;
      }
    }
    class Database extends Desk {}
    describeParameters(Database, undefined);
    expect(createContainer().get(Database).ledger).toBeUndefined();
    describeParameters(Desk, undefined);
    class Own extends Desk {
      constructor() {
        super('mine');
      }
    }
    describeParameters(Own, undefined);
    expect(createContainer().get(Own).ledger).toBe('mine');
  });

  test('keeps containers apart', () => {
    expect(createContainer().get(Till)).not.toBe(createContainer().get(Till));
  });

  test('lets our own error through, as short as it was', () => {
    class Unknown {}
    @Injectable()
    class Front {
      readonly unknown: Unknown;
      constructor(unknown: Unknown) {
        this.unknown = unknown;
      }
    }
    @Injectable()
    class Outer {
      readonly front: Front;
      constructor(front: Front) {
        this.front = front;
      }
    }
    expect(() => createContainer().get(Outer)).toThrow(
      expect.objectContaining({
        code: 'FWK_CORE_NOT_REGISTERED',
        message: expect.stringContaining('nobody registered Unknown, which Front asked for (Outer → Front → Unknown)'),
      }),
    );
  });

  test('reports a cycle through constructors in one line', () => {
    const key = token<object>('shop');
    @Injectable()
    class Door {
      readonly shop: object;
      constructor(@Inject(key) shop: object) {
        this.shop = shop;
      }
    }
    @Injectable()
    class Shop {
      readonly door: Door;
      constructor(door: Door) {
        this.door = door;
      }
    }
    const container = createContainer();
    container.register(key, { useFactory: (resolver) => resolver.get(Shop) });
    const problem = (() => {
      try {
        container.get(Shop);
      } catch (error) {
        return error as Error;
      }
      return undefined;
    })();
    expect(problem?.message).toContain('a dependency cycle: Shop → Door → shop → Shop;');
    expect(problem?.message.length).toBeLessThan(300);
  });

  test.each<[string, unknown]>([
    ['an interface, or a union such as `Dep | null`', Object],
    ['a type from `import type`, under swc', Function],
    ['a primitive', String],
    ['what no compiler described', 'nothing'],
  ])('says which required parameter has no class at run time: %s', (_, emitted) => {
    class Careless {
      readonly all: readonly unknown[];
      constructor(ledger: Ledger, nameless: unknown) {
        this.all = [ledger, nameless];
      }
    }
    describeParameters(Careless, emitted === 'nothing' ? [Ledger] : [Ledger, emitted]);
    expect(() => createContainer().get(Careless)).toThrow(
      expect.objectContaining({
        code: 'FWK_CORE_PARAMETERS_UNKNOWN',
        message: expect.stringMatching(
          /^the constructor of Careless needs 2 parameter\(s\), and nothing says what to give it as parameter 2[: ].*no class at run time/,
        ),
        details: {
          className: 'Careless',
          expected: 2,
          unknown: [emitted === 'nothing' ? '2' : `2 (${(emitted as { name: string }).name})`],
        },
      }),
    );
  });

  test('refuses a class that is not loaded yet, as modules which import each other leave it', () => {
    class Early {
      readonly later: unknown;
      constructor(later: unknown) {
        this.later = later;
      }
    }
    describeParameters(Early, [undefined]);
    expect(() => createContainer().get(Early)).toThrow(
      expect.objectContaining({
        code: 'FWK_CORE_PARAMETERS_UNKNOWN',
        details: expect.objectContaining({ unknown: ['1'] }),
      }),
    );
  });

  test('takes the constructor’s own error as it is', () => {
    @Injectable()
    class Failing {
      constructor(ledger: Ledger) {
        ledger.lines.push('opened');
        throw new RangeError('no float');
      }
    }
    expect(() => createContainer().get(Failing)).toThrow(RangeError);
  });
});

describe('parameters with defaults', () => {
  class Unprovided {}

  /** Emitted types as compilers differ: none, or one of the stand-ins for what has no class. */
  const asCompiled: readonly [string, readonly unknown[] | undefined][] = [
    ['nothing (esbuild, tsx, standard decorators)', undefined],
    ['Number (tsc, swc, with a type annotation)', [Number]],
    ['Object (tsc, oxc, without one)', [Object]],
    ['Function', [Function]],
    ['undefined', [undefined]],
    ['a class that nobody provides', [Unprovided]],
  ];

  test.each(asCompiled)('hold when the compiler emits %s', (_, types) => {
    class Attempts {
      readonly limit: number;
      constructor(limit = 5) {
        this.limit = limit;
      }
    }
    describeParameters(Attempts, types);
    expect(createContainer().get(Attempts).limit).toBe(5);
  });

  test.each(asCompiled)('hold behind required ones when the compiler emits %s', (_, types = [Object]) => {
    class Attempts {
      readonly all: readonly unknown[];
      constructor(ledger: Ledger, limit = 5, names: readonly string[] = ['a']) {
        this.all = [ledger, limit, names];
      }
    }
    describeParameters(Attempts, [Ledger, ...types, Array]);
    const container = createContainer();
    expect(container.get(Attempts).all).toEqual([container.get(Ledger), 5, ['a']]);
  });

  test.each(asCompiled)('leave a rest parameter empty when the compiler emits %s', (_, types = [Object]) => {
    class Attempts {
      readonly count: number;
      constructor(_limit = 5, ...names: readonly string[]) {
        this.count = names.length;
      }
    }
    describeParameters(Attempts, [...types, Object]);
    expect(createContainer().get(Attempts).count).toBe(0);
  });

  test('give way to what the container knows, by class or by @Inject', () => {
    @Injectable()
    class Kiosk {
      readonly all: readonly unknown[];
      constructor(
        limit = 5,
        ledger: Ledger = new Ledger(),
        @Inject(currencyToken) currency: Currency = { code: 'none' },
      ) {
        this.all = [limit, ledger, currency.code];
      }
    }
    const container = createContainer();
    expect(container.get(Kiosk).all).toEqual([5, container.get(Ledger), 'EUR']);
    expect(container.get(Kiosk).all[1]).toBe(container.get(Ledger));
  });

  test('do not hide that nobody provides what @Inject asks for', () => {
    const key = token<string>('motto');
    @Injectable()
    class Shield {
      readonly motto: string;
      constructor(@Inject(key) motto = 'none') {
        this.motto = motto;
      }
    }
    expect(() => createContainer().get(Shield)).toThrow(/nobody registered the token "motto", which Shield asked for/);
  });

  test('do not hide what goes wrong while a known class is built', () => {
    @Injectable()
    class Broken {
      constructor() {
        throw new RangeError('broken');
      }
    }
    @Injectable()
    class Shield {
      readonly broken: Broken | undefined;
      constructor(limit = 1, broken?: Broken) {
        this.broken = limit > 0 ? broken : undefined;
      }
    }
    expect(() => createContainer().get(Shield)).toThrow(RangeError);
  });
});

describe('classes decorated for tsyringe', () => {
  test('resolve here with their own scopes, filled by us', async () => {
    await import('reflect-metadata/lite');
    const { inject: theirs, injectable, singleton, container: global } = await import('tsyringe');
    const motto = token<string>('motto', () => 'ours');
    global.register('size', { useValue: 7 });
    await loadTsyringe();

    @injectable()
    class Transient {
      readonly ledger: Ledger;
      readonly size: number;
      readonly motto: string;
      constructor(ledger: Ledger, @theirs('size') size: number, @theirs(motto as never) words: string) {
        this.ledger = ledger;
        this.size = size;
        this.motto = words;
      }
    }
    @singleton()
    class Single {
      readonly transient: Transient;
      constructor(transient: Transient) {
        this.transient = transient;
      }
    }
    const container = createContainer();
    expect(container.get(Single)).toBe(container.get(Single));
    expect(container.get(Transient)).not.toBe(container.get(Transient));
    expect(container.get(Single).transient).toMatchObject({ size: 7, motto: 'ours' });
    expect(container.get(Single).transient.ledger).toBe(container.get(Ledger));
    expect(createContainer().get(Single)).not.toBe(container.get(Single));
  });

  test('of all kinds have the scopes of tsyringe, also when they are registered before it is loaded', async () => {
    const { injectable, scoped, Lifecycle, singleton } = await import('tsyringe');
    const container = createContainer();

    @injectable()
    class Transient {
      readonly ledger: Ledger;
      constructor(ledger: Ledger) {
        this.ledger = ledger;
      }
    }
    @singleton()
    class Single {}
    @scoped(Lifecycle.ContainerScoped)
    class Scoped {}
    for (const each of [Transient, Single, Scoped]) container.register(each, { useClass: each });
    await loadTsyringe();
    const scope = container.createScope();
    const twice = (key: InjectionKey<object>, first = container, second = first) => first.get(key) === second.get(key);
    expect([
      twice(Transient),
      twice(Single, container, scope),
      twice(Scoped, scope),
      twice(Scoped, scope, container.createScope()),
    ]).toEqual([false, true, true, false]);
    expect(() => container.get(Scoped)).toThrow(expect.objectContaining({ code: 'FWK_CORE_NO_SCOPE' }));
  });

  test('are not constructed to find out whether they are tsyringe’s', async () => {
    await loadTsyringe();
    let made = 0;
    class Foreign {
      readonly ledger: unknown;
      constructor(ledger: unknown = undefined) {
        made++;
        this.ledger = ledger;
      }
    }
    class Needing extends Foreign {
      constructor(ledger: unknown) {
        super(ledger);
      }
    }
    for (const each of [Foreign, Needing]) expect(() => createContainer().get(each)).toThrow(/nobody registered/);
    expect(made).toBe(0);
  });

  test('do not turn unmarked classes into transients', async () => {
    const { injectable } = await import('tsyringe');
    class Unmarked {}
    @injectable()
    class Marked {
      readonly unmarked: Unmarked;
      constructor(unmarked: Unmarked) {
        this.unmarked = unmarked;
      }
    }
    expect(() => createContainer().get(Marked)).toThrow(/nobody registered Unmarked, which Marked asked for/);
  });
});
