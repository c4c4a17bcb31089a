import {
  type ComponentContext,
  type ComponentSteps,
  type InjectionKey,
  liveValue,
  makeEnv,
  type Resolver,
  setOwner,
  stepsIn,
} from '@fwk/kernel';
import { recordEvents } from '@fwk/kernel/testing';
import { describe, expect, test, vi } from 'vitest';
import type { FailedCall } from '../fallback/fallback-options.js';
import { type PolicyRegistry, policyRegistry, policyRegistryToken } from '../policy/policy-registry.js';
import { resilience } from '../policy/resilience.js';
import {
  Bulkhead,
  Cache,
  CircuitBreaker,
  Coalesce,
  Deadline,
  Fallback,
  Hedge,
  Policy,
  RateLimit,
  Retry,
  Timeout,
} from './decorators.js';
import { policyOf } from './method-policy.js';

/** A container as far as decorators need one. */
function owner(registry: PolicyRegistry): Resolver {
  const find = <T>(key: InjectionKey<T>) => (key === policyRegistryToken ? (registry as T) : undefined);
  return { find, get: <T>(key: InjectionKey<T>) => find(key) as T };
}

/** The steps of the component in an application. */
function inShop(policies: Readonly<Record<string, object>>): ComponentSteps {
  return stepsIn({ name: 'shop', version: '1.0.0', owner: 'team', instanceId: 'shop-1' }, resilience({ policies }));
}

class Prices {
  calls = 0;

  @CircuitBreaker({ consecutiveFailures: 1 })
  async fails(): Promise<string> {
    this.calls++;
    throw new Error('down');
  }

  @Policy('quote')
  @Timeout(50)
  async named(): Promise<string> {
    return 'answer';
  }

  @RateLimit({ burst: 1 })
  @Coalesce({ keyOf: (name: string) => name })
  @Cache({ keyOf: (name: string) => name, ttlMs: 1000 })
  async looked(name: string): Promise<string> {
    return `${name} ${++this.calls}`;
  }

  @Fallback('missing')
  async lost(): Promise<string> {
    throw new Error('down');
  }

  @Fallback('standIn')
  static async stock(): Promise<string> {
    throw new Error('down');
  }

  static async standIn(error: Error): Promise<string> {
    return `instead of ${error.message}`;
  }

  @Fallback({ value: 'nothing in stock' }, { name: 'empty' })
  async emptied(): Promise<string> {
    throw new Error('down');
  }

  @Fallback('told')
  async asked(..._: readonly unknown[]): Promise<unknown> {
    throw new Error('down');
  }

  async told(error: Error, { args, self }: FailedCall): Promise<unknown> {
    return [error.message, args, self === this];
  }

  @Fallback((_, { args, self }) => `${(self as Prices).calls} ${args[0]}`)
  async answered(_name: string): Promise<string> {
    throw new Error('down');
  }

  @Fallback(() => 'out of range', { when: (error) => error instanceof RangeError, name: 'range' })
  @Fallback(() => 'wrong type', { when: (error) => error instanceof TypeError })
  async sorted(error: Error): Promise<string> {
    throw error;
  }
}

describe('decorated methods', () => {
  test('share their policy among the instances of one container, and with no other container', async () => {
    const containers = [policyRegistry(), policyRegistry()].map(owner);
    const [first, second, elsewhere, loose] = [new Prices(), new Prices(), new Prices(), new Prices()];
    setOwner(first!, containers[0]!);
    setOwner(second!, containers[0]!);
    setOwner(elsewhere!, containers[1]!);
    await first!.fails().catch(() => {});
    await second!.fails().catch(() => {});
    await elsewhere!.fails().catch(() => {});
    await loose!.fails().catch(() => {});
    expect([first, second, elsewhere, loose].map((instance) => instance!.calls)).toEqual([1, 0, 1, 1]);
  });

  test('share their policy among the scopes of one application, however many requests come', async () => {
    const registry = policyRegistry();
    const requests = Array.from({ length: 5 }, () => new Prices());
    for (const prices of requests) {
      setOwner(prices, owner(registry));
      await prices.fails().catch(() => {});
    }
    expect(requests.map(({ calls }) => calls)).toEqual([1, 0, 0, 0, 0]);
    expect(registry.list().map(({ name }) => name)).toEqual(['Prices.fails']);
  });

  test('take part in a container that knows no policies', async () => {
    const prices = new Prices();
    setOwner(prices, { find: () => undefined, get: () => undefined as never });
    expect(await prices.answered('apples')).toBe('0 apples');
  });

  test('give a fallback that is a method what any handler gets, however many arguments there were', async () => {
    expect(await new Prices().asked()).toEqual(['down', [], true]);
    expect(await new Prices().asked('apples', 2)).toEqual(['down', ['apples', 2], true]);
  });

  test('may answer with a plain value', async () => {
    expect(await new Prices().emptied()).toBe('nothing in stock');
  });

  test('may be static: named after their class, with a fallback of the class', async () => {
    expect(await Prices.stock()).toBe('instead of down');
    expect(policyOf(Prices, 'stock')?.name).toBe('Prices.stock');
    class Special extends Prices {}
    expect(policyOf(Special, 'stock')?.name).toBe('Prices.stock');
  });

  test('are listed with the policies of their container and use its environment', async () => {
    const events = recordEvents();
    const registry = policyRegistry(makeEnv({ events, path: 'checkout' }));
    const prices = new Prices();
    setOwner(prices, owner(registry));
    await prices.fails().catch(() => {});
    expect(registry.list().map(({ name, breakers }) => [name, breakers])).toEqual([['Prices.fails', ['open']]]);
    expect(events.all[0]?.data.path).toBe('checkout/Prices.fails');
  });

  test('take a named policy from the container, with what stands on the method over it', async () => {
    const prices = new Prices();
    setOwner(prices, owner(policyRegistry(undefined, { quote: { timeoutMs: 800, retry: { maxAttempts: 7 } } })));
    expect(await prices.named()).toBe('answer');
    expect(policyOf(prices, 'named')?.print()).toMatch(/retry\(maxAttempts=7.*\nattempt-timeout\(timeoutMs=50\)/);
  });

  test('follow a named policy that changes, except in what stands on the method', async () => {
    const policies = liveValue<unknown>({ quote: { timeoutMs: 800, retry: { maxAttempts: 7 } } });
    const prices = new Prices();
    setOwner(prices, owner(policyRegistry(undefined, policies)));
    await prices.named();
    policies.set({ quote: { timeoutMs: 700, retry: { maxAttempts: 2 } } });
    expect(policyOf(prices, 'named')?.print()).toMatch(/retry\(maxAttempts=2.*\nattempt-timeout\(timeoutMs=50\)/);
  });

  test('reject when the container knows no policy of that name', async () => {
    const prices = new Prices();
    setOwner(prices, owner(policyRegistry(undefined, { price: {} })));
    await expect(prices.named()).rejects.toThrowError('no policy is called "quote"; known: price');
  });

  test('say which fallback method is missing', async () => {
    await expect(new Prices().lost()).rejects.toMatchObject({
      code: 'FWK_RESILIENCE_FALLBACK_FAILED',
      cause: { message: '@Fallback: `this` has no method "missing"' },
      original: { message: 'down' },
    });
  });

  test('may be answered by a function instead', async () => {
    expect(await new Prices().answered('apples')).toBe('0 apples');
  });

  test('may be answered by error', async () => {
    const prices = new Prices();
    expect([await prices.sorted(new RangeError()), await prices.sorted(new TypeError())]).toEqual([
      'out of range',
      'wrong type',
    ]);
    const other = new Error('down');
    await expect(prices.sorted(other)).rejects.toBe(other);
  });

  test('share calls and answers by key', async () => {
    const [first, second] = [new Prices(), new Prices()];
    expect(await Promise.all([first.looked('apple'), second.looked('apple')])).toEqual(['apple 1', 'apple 1']);
    expect(await second.looked('apple')).toBe('apple 1');
    await expect(first.looked('pear')).rejects.toMatchObject({ code: 'FWK_RESILIENCE_RATE_LIMITED' });
  });

  test('have no policy when nothing stands on them', () => {
    expect(policyOf({ plain: () => {} }, 'plain')).toBeUndefined();
  });
});

describe('bad input', () => {
  const on =
    (decorate: ReturnType<typeof Retry>, ...more: ReturnType<typeof Retry>[]) =>
    () => {
      class Shop {
        async quote(): Promise<void> {}
      }
      const descriptor = Object.getOwnPropertyDescriptor(Shop.prototype, 'quote') as PropertyDescriptor;
      for (const decorator of [decorate, ...more]) decorator(Shop.prototype, 'quote', descriptor);
    };

  test.each([
    ['options out of range', on(Retry({ maxAttempts: 0 })), /policy "quote": retry: maxAttempts/],
    ['the same decorator twice', on(Retry(), Retry()), /@Retry on quote: retry was set already/],
    ['limits that contradict each other', on(Timeout(-1)), /timeoutMs/],
    ['a bulkhead without places', on(Bulkhead({ maxConcurrent: 0 })), /maxConcurrent/],
    ['a hedge that may not run twice', on(Hedge({} as never)), /hedge sends a call twice/],
    ['a cache without a key', on(Cache({ ttlMs: 5 } as never)), /cache: keyOf must be a function/],
    ['no name for a fallback', () => Fallback(''), /name of a method, a function, or \{ value \}/],
    ['a fallback for no function', on(Fallback('cached', { when: 1 as never })), /fallback: when must be a function/],
    ['no name for a policy', () => Policy(''), /it needs the name of a policy: @Policy\('payments'\)/],
  ])('refuses %s when the class is defined', (_, define, message) => {
    expect(define).toThrowError(message);
  });

  test('refuses to stand on a method without parentheses, in both dialects', () => {
    class Shop {
      async quote(): Promise<void> {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Shop.prototype, 'quote');
    const context = { kind: 'method', name: 'quote', addInitializer() {} };
    const bare = { CircuitBreaker, Retry, Bulkhead, RateLimit, Cache, Coalesce, Hedge, Fallback };
    for (const [name, decorator] of Object.entries(bare)) {
      for (const given of [
        [Shop.prototype, 'quote', descriptor],
        [Shop.prototype.quote, context],
      ]) {
        expect(() => Reflect.apply(decorator, undefined, given)).toThrow(`write @${name}(), with parentheses`);
      }
    }
    expect(() => Reflect.apply(Timeout, undefined, [Shop.prototype.quote, context])).toThrow('@Timeout(800)');
    expect(() => Reflect.apply(Deadline, undefined, [Shop.prototype, 'quote', descriptor])).toThrow('@Deadline(800)');
  });

  test('refuses to stand on a field', () => {
    expect(() => Retry()(class {}.prototype, 'field', undefined as never)).toThrowError(/must stand on a method/);
  });
});

/** As Nest does it: its decorators write metadata on the function, and its router reads it from the prototype's method. */
describe('decorated methods keep what other decorators said of them', () => {
  const metadata = Reflect as unknown as {
    defineMetadata(key: unknown, value: unknown, target: object, property?: string): void;
    getMetadata(key: unknown, target: object, property?: string): unknown;
    getMetadataKeys(target: object): readonly unknown[];
  };
  const Get =
    (path: string) =>
    (target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<() => Promise<string>>) => {
      metadata.defineMetadata('path', path, descriptor.value as object);
      metadata.defineMetadata('method', 0, descriptor.value as object);
      metadata.defineMetadata('design:returntype', Promise, target, String(key));
    };

  test.each([
    ['ours above', [CircuitBreaker(), Get('/cats')]],
    ['theirs above', [Get('/cats'), CircuitBreaker()]],
    ['theirs between ours', [Retry(), Get('/cats'), CircuitBreaker(), Timeout(50)]],
  ])('%s', async (_, decorators) => {
    await import('reflect-metadata/lite');
    class Cats {
      async list(..._filters: readonly string[]): Promise<string> {
        return 'cats';
      }
      static async count(_of: string): Promise<string> {
        return '1';
      }
    }
    for (const [target, key] of [[Cats.prototype, 'list'] as const, [Cats, 'count'] as const]) {
      const descriptor = Object.getOwnPropertyDescriptor(target, key) as PropertyDescriptor;
      const plain = descriptor.value as object & { length: number };
      const symbol = Symbol('own');
      Object.assign(plain, { own: 1, [symbol]: 2 });
      for (const decorate of decorators.toReversed()) decorate(target, key, descriptor);
      Object.defineProperty(target, key, descriptor);
      const method = Reflect.get(target, key) as object;
      expect(method).not.toBe(plain);
      expect(metadata.getMetadata('path', method)).toBe('/cats');
      expect([...metadata.getMetadataKeys(method)].sort()).toEqual(['method', 'path']);
      expect(metadata.getMetadata('design:returntype', target, key)).toBe(Promise);
      const kept = ['name', 'length', 'own', symbol].map((each) => Reflect.get(method, each));
      expect(kept).toEqual([key, plain.length, 1, 2]);
      expect(
        policyOf(target === Cats ? Cats : new Cats(), key)
          ?.print()
          .split('\n'),
      ).toHaveLength(decorators.length - 1);
    }
    class Special extends Cats {
      override async list(): Promise<string> {
        return `special ${await super.list()}`;
      }
    }
    expect([await new Special().list(), await new Cats().list(), await Special.count('x')]).toEqual([
      'special cats',
      'cats',
      '1',
    ]);
  });
});

describe('a policy that nobody provides', () => {
  class Till {
    @Policy('paymets')
    async pay(): Promise<string> {
      return 'paid';
    }

    @Policy('paymets')
    async payBack(): Promise<string> {
      return 'paid back';
    }
  }

  test('is told once, with the method, where no application made the instance', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect([await new Till().pay(), await new Till().pay(), await new Till().payBack()]).toHaveLength(3);
    expect(warning).toHaveBeenCalledExactlyOnceWith(
      expect.stringMatching(/^@Policy\("paymets"\) on Till\.pay does nothing/),
      expect.objectContaining({ code: 'FWK_RESILIENCE_POLICY_UNPROVIDED' }),
    );
    warning.mockRestore();
  });

  test('fails the start of an application whose container built the class, with the nearest name', () => {
    const component = inShop({ payments: {}, quote: {} });
    class Special extends Till {}
    component.built?.(new Special());
    component.built?.(new Prices());
    const registry = policyRegistry(undefined, { payments: {}, quote: {} });
    const context = { get: () => registry } as unknown as ComponentContext;
    expect(() => component.verify?.(context)).toThrow(
      'no policy is called "paymets" (@Policy on Till.pay, @Policy on Till.payBack); did you mean "payments"? known: payments, quote',
    );
  });

  test('fails the start for a private method too', () => {
    const initializers: ((this: unknown) => void)[] = [];
    const place = { kind: 'method', name: '#pay', static: false, private: true } as const;
    const addInitializer = (initialize: (this: unknown) => void) => void initializers.push(initialize);
    Policy('paymets')(async () => {}, { ...place, addInitializer } as unknown as ClassMethodDecoratorContext);
    class Desk {
      constructor() {
        for (const initialize of initializers) initialize.call(this);
      }
    }
    const component = inShop({ payments: {} });
    component.built?.(new Desk());
    const context = { get: () => policyRegistry(undefined, { payments: {} }) } as unknown as ComponentContext;
    expect(() => component.verify?.(context)).toThrow(/"paymets" \(@Policy on Desk\.#pay\); did you mean "payments"/);
  });

  test('is refused on a static method, whose class belongs to no application', () => {
    class Desk {
      readonly number = 1;
      static async pay(): Promise<void> {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Desk, 'pay') as TypedPropertyDescriptor<typeof Desk.pay>;
    expect(() => Policy('payments')(Desk, 'pay', descriptor)).toThrow(/@Policy on pay: it must not stand on a static/);
    const context = { kind: 'method', name: 'pay', static: true, private: false };
    expect(() => Policy('payments')(Desk.pay, context as ClassMethodDecoratorContext)).toThrow(/a static method/);
  });

  test.each([
    ['Payments', 'payments'],
    ['payment', 'payments'],
    ['inventory', undefined],
    ['x'.repeat(10_000), undefined],
  ])('%.20s is nearest to %s', (name, nearest) => {
    const registry = policyRegistry(undefined, { payments: {}, quote: {} });
    expect(() => registry.named(name)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ nearest }) }),
    );
  });
});
