import { token } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { createContainer } from './create-container.js';
import { Inject } from './inject.js';
import { Injectable } from './injectable.js';

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

describe('constructor injection through tsyringe', () => {
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

  test('keeps containers apart, though tsyringe has one global table', () => {
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

  test('says that an interface has no class at run time', () => {
    @Injectable()
    class Careless {
      readonly currency: Currency;
      constructor(currency: Currency) {
        this.currency = currency;
      }
    }
    expect(() => createContainer().get(Careless)).toThrow(/Careless asked for .*no class at run time/);
  });

  test('says which constructor has parameters that nothing describes', () => {
    class Plain {
      readonly a: unknown;
      constructor(a: unknown, b: unknown) {
        this.a = [a, b];
      }
    }
    const container = createContainer();
    container.register(Plain, { useClass: Plain });
    expect(() => container.get(Plain)).toThrow(
      expect.objectContaining({
        code: 'FWK_CORE_PARAMETERS_UNKNOWN',
        message: expect.stringContaining('the constructor of Plain takes 2 parameter(s), but only 0 are known'),
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

describe('classes decorated for tsyringe', () => {
  test('resolve here with their own scopes, filled by us', async () => {
    await import('reflect-metadata/lite');
    const { inject: theirs, injectable, singleton, container: global } = await import('tsyringe');
    const motto = token<string>('motto', () => 'ours');
    global.register('size', { useValue: 7 });

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
