import { type CallContext, makeEnv, ownerOf, token } from '@fwk/kernel';
import { leakGuard } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { createContainer } from './create-container.js';
import { Inject, inject } from './inject.js';
import { Injectable } from './injectable.js';

@Injectable()
class Shelf {
  readonly label = 'shelf';
}

@Injectable()
class Inventory {
  readonly shelf = inject(Shelf);
}

@Injectable({ scope: 'request' })
class Basket {}

describe('finding', () => {
  test('builds a marked class once, with what it injects, and remembers who built it', () => {
    const container = createContainer();
    const inventory = container.get(Inventory);
    expect(container.get(Inventory)).toBe(inventory);
    expect(inventory.shelf).toBe(container.get(Shelf));
    expect(ownerOf(inventory)).toBe(container);
  });

  test('lets a constructor body inject, too, and a factory', () => {
    class Both {
      readonly fromBody: Shelf;
      readonly fromField = inject(Shelf);
      constructor() {
        this.fromBody = inject(Shelf);
      }
    }
    const made = token<Both>('both', () => {
      inject(Shelf);
      return new Both();
    });
    const container = createContainer();
    expect(container.get(made).fromBody).toBe(container.get(Shelf));
    expect(container.get(made).fromField).toBe(container.get(Shelf));
  });

  test('makes the value of a token with a factory once for each container', () => {
    const counter = token('counter', () => ({ count: 0 }));
    const one = createContainer();
    const other = createContainer();
    expect(one.get(counter)).toBe(one.get(counter));
    expect(one.get(counter)).not.toBe(other.get(counter));
  });

  test('makes a new transient for each who asks', () => {
    class Slip {}
    const container = createContainer();
    container.register(Slip, { useClass: Slip, scope: 'transient' });
    expect(container.get(Slip)).not.toBe(container.get(Slip));
  });

  test('says who asked for what nobody registered', () => {
    class Unknown {}
    @Injectable()
    class Asker {
      readonly unknown = inject(Unknown);
    }
    @Injectable()
    class Outer {
      readonly asker = inject(Asker);
    }
    expect(() => createContainer().get(Outer)).toThrow(
      expect.objectContaining({
        code: 'FWK_CORE_NOT_REGISTERED',
        message: expect.stringContaining(
          'nobody registered Unknown, which Asker asked for (Outer → Asker → Unknown); decorate the class',
        ),
      }),
    );
  });

  test('answers undefined to find() for the thing itself only, not for what it lacks', () => {
    class Unknown {}
    @Injectable()
    class Asker {
      readonly unknown = inject(Unknown);
    }
    const container = createContainer();
    expect(container.find(Unknown)).toBeUndefined();
    expect(container.find(token('nothing'))).toBeUndefined();
    expect(() => container.find(Asker)).toThrow(expect.objectContaining({ code: 'FWK_CORE_NOT_REGISTERED' }));
  });

  test('does not take a subclass of a marked class for marked', () => {
    class Special extends Shelf {}
    expect(createContainer().find(Special)).toBeUndefined();
  });

  test('refuses inject() where nothing is being built, also after an await', async () => {
    const late = token('late', async () => {
      await undefined;
      return inject(Shelf);
    });
    expect(() => inject(Shelf)).toThrow(expect.objectContaining({ code: 'FWK_CORE_INJECT_OUTSIDE' }));
    await expect(createContainer().get(late)).rejects.toMatchObject({ code: 'FWK_CORE_INJECT_OUTSIDE' });
  });

  test('explains a key that is undefined', () => {
    let later: typeof Shelf | undefined;
    @Injectable()
    class Early {
      readonly later = inject(later as typeof Shelf);
    }
    expect(() => createContainer().get(Early)).toThrow(
      expect.objectContaining({ code: 'FWK_CORE_UNDEFINED_KEY', message: expect.stringMatching(/^Early asked for/) }),
    );
    expect(() => createContainer().get('shelf' as never)).toThrow(
      'somebody asked for shelf, which is no class and no token; make a key once, `const key = token(name)`, and ask for that',
    );
    expect(() => createContainer().get(token('prices'))).toThrow(
      'nobody registered the token "prices", which was asked for directly; list the component that provides it in `use`, or a pair [token, provider] in `providers`',
    );
    expect(() => Inject(later as typeof Shelf)).toThrow(expect.objectContaining({ code: 'FWK_CORE_UNDEFINED_KEY' }));
    later = Shelf;
    expect(createContainer().get(Early).later).toBeInstanceOf(Shelf);
  });

  test('reports a cycle as a short path, and builds the parts that are sound afterwards', () => {
    const first = token('first', (resolver): unknown => resolver.get(second));
    const second = token('second', (resolver): unknown => resolver.get(third));
    const third = token('third', (resolver): unknown => resolver.get(second));
    const container = createContainer();
    expect(() => container.get(first)).toThrow(
      expect.objectContaining({
        code: 'FWK_CORE_CYCLE',
        message: expect.stringContaining('a dependency cycle: second → third → second;'),
      }),
    );
    expect(() => container.get(first)).toThrow('second → third → second');
    expect(container.get(Inventory)).toBeInstanceOf(Inventory);
  });

  test('leaves nothing behind of a constructor that threw', () => {
    let attempts = 0;
    @Injectable()
    class Moody {
      readonly shelf = inject(Shelf);
      constructor() {
        attempts++;
        if (attempts === 1) throw new Error('not today');
      }
    }
    const container = createContainer();
    expect(() => container.get(Moody)).toThrow('not today');
    expect(container.get(Moody).shelf).toBe(container.get(Shelf));
    expect(() => inject(Shelf)).toThrow(expect.objectContaining({ code: 'FWK_CORE_INJECT_OUTSIDE' }));
  });
});

describe('registering and overriding', () => {
  test('uses what was registered in place of the marked class', () => {
    const container = createContainer();
    class Better extends Shelf {}
    container.register(Shelf, { useClass: Better });
    expect(container.get(Inventory).shelf).toBeInstanceOf(Better);
  });

  test('refuses a second provider for one key', () => {
    const container = createContainer();
    container.register(Shelf, { useClass: Shelf });
    expect(() => container.register(Shelf, { useClass: Shelf })).toThrow(
      expect.objectContaining({ code: 'FWK_CORE_DUPLICATE_PROVIDER' }),
    );
  });

  test('lets an override win over what is registered before and after it', () => {
    const container = createContainer();
    const replaced = new Shelf();
    container.override(Shelf, { useValue: replaced });
    container.register(Shelf, { useClass: Shelf });
    expect(container.get(Inventory).shelf).toBe(replaced);
  });

  test('refuses an override of what was built already', () => {
    const container = createContainer();
    container.get(Shelf);
    expect(() => container.override(Shelf, { useValue: new Shelf() })).toThrow(
      expect.objectContaining({ code: 'FWK_CORE_DUPLICATE_PROVIDER', message: expect.stringContaining('Shelf') }),
    );
  });

  test('asks the parent for what a container does not know, and keeps singletons where they are registered', () => {
    const parent = createContainer();
    parent.register(Shelf, { useClass: Shelf });
    const child = createContainer({ parent });
    expect(child.get(Inventory).shelf).toBe(parent.get(Shelf));
    expect(child.created).toHaveLength(0);
    const own = createContainer({ parent });
    own.register(Shelf, { useClass: Shelf });
    expect(own.get(Shelf)).not.toBe(parent.get(Shelf));
  });
});

describe('scopes', () => {
  test('keeps one instance a scope and shares singletons', () => {
    const container = createContainer();
    const one = container.createScope();
    const other = container.createScope();
    expect(one.get(Basket)).toBe(one.get(Basket));
    expect(one.get(Basket)).not.toBe(other.get(Basket));
    expect(one.get(Inventory)).toBe(other.get(Inventory));
    expect(ownerOf(one.get(Basket))).toBe(one);
  });

  test('refuses a request-scoped thing outside a scope', () => {
    expect(() => createContainer().get(Basket)).toThrow(expect.objectContaining({ code: 'FWK_CORE_NO_SCOPE' }));
  });

  test('refuses a singleton that would hold a request-scoped thing, also through a transient', () => {
    class Wrapper {
      readonly basket = inject(Basket);
    }
    @Injectable()
    class Holder {
      readonly wrapper = inject(Wrapper);
    }
    const container = createContainer();
    container.register(Wrapper, { useClass: Wrapper, scope: 'transient' });
    const scope = container.createScope();
    expect(() => scope.get(Holder)).toThrow(
      expect.objectContaining({
        code: 'FWK_CORE_CAPTIVE_DEPENDENCY',
        message: expect.stringContaining('the singleton Holder would hold the request-scoped Basket'),
        details: expect.objectContaining({ path: ['Holder', 'Wrapper', 'Basket'] }),
      }),
    );
    expect(scope.get(Wrapper).basket).toBe(scope.get(Basket));
  });
});

describe('starting', () => {
  test('awaits onStart in the order of creation, what was needed first', async () => {
    const log: string[] = [];
    @Injectable()
    class Store {
      async onStart() {
        await Promise.resolve();
        log.push('store');
      }
    }
    @Injectable()
    class Front {
      readonly store = inject(Store);
      onStart() {
        log.push('front');
      }
    }
    const container = createContainer();
    container.get(Front);
    await container.start();
    await container.start();
    expect(log).toEqual(['store', 'front']);
  });

  test('also starts what an onStart asks for, and later ones as they are made', async () => {
    const log: string[] = [];
    @Injectable()
    class Late {
      onStart() {
        log.push('late');
      }
    }
    @Injectable()
    class Later {
      onStart() {
        log.push('later');
      }
    }
    @Injectable()
    class Early {
      onStart() {
        (ownerOf(this) ?? expect.unreachable()).get(Late);
        log.push('early');
      }
    }
    const container = createContainer();
    container.get(Early);
    await container.start();
    expect(log).toEqual(['late', 'early']);
    container.get(Later);
    expect(log).toContain('later');
  });

  test('names the class whose onStart throws or hangs', async () => {
    const { clock } = leakGuard();
    class Broken {
      onStart() {
        throw new Error('no disk');
      }
    }
    class Hanging {
      onStart(context: CallContext) {
        return new Promise<void>((resolve) => void context.onCancel(() => resolve()));
      }
    }
    const container = createContainer({ env: makeEnv({ clock }), stepTimeoutMs: 50 });
    container.register(Hanging, { useClass: Hanging });
    container.get(Hanging);
    const hanging = expect(container.start()).rejects.toMatchObject({
      code: 'FWK_CORE_STEP_TIMEOUT',
      details: { component: 'Hanging', step: 'onStart', limitMs: 50 },
    });
    await clock.advance(50);
    await hanging;

    const other = createContainer();
    other.register(Broken, { useClass: Broken });
    other.get(Broken);
    await expect(other.start()).rejects.toMatchObject({
      code: 'FWK_CORE_STEP_FAILED',
      message: '"Broken" failed in its step "onStart": no disk',
    });
  });
});

describe('disposing', () => {
  function disposable(name: string, log: string[], fail = false) {
    return {
      async [Symbol.asyncDispose]() {
        log.push(`${name} begins`);
        await Promise.resolve();
        if (fail) throw new Error(`${name} cannot`);
        log.push(`${name} ended`);
      },
    };
  }

  test('goes in reverse order of creation, one after the other, and collects errors', async () => {
    const log: string[] = [];
    const container = createContainer();
    const make = (name: string, fail = false) => {
      const key = token(name);
      container.register(key, { useFactory: () => disposable(name, log, fail) });
      container.get(key);
    };
    make('first');
    make('second', true);
    make('third');
    await expect(container.dispose()).rejects.toMatchObject({
      code: 'FWK_CORE_DISPOSE_FAILED',
      errors: [{ code: 'FWK_CORE_STEP_FAILED', message: expect.stringContaining('second cannot') }],
    });
    expect(log).toEqual(['third begins', 'third ended', 'second begins', 'first begins', 'first ended']);
  });

  test('disposes once, answers the same promise, and refuses to build afterwards', async () => {
    const log: string[] = [];
    const container = createContainer();
    const key = token('thing');
    container.register(key, { useFactory: () => ({ [Symbol.dispose]: () => log.push('gone') }) });
    container.get(key);
    await Promise.all([container.dispose(), container.dispose()]);
    expect(log).toEqual(['gone']);
    expect(() => container.get(Shelf)).toThrow(expect.objectContaining({ code: 'FWK_CORE_CONTAINER_DISPOSED' }));
  });

  test('leaves alone what was given, what a factory passes on, and what the parent holds', async () => {
    const log: string[] = [];
    const given = token('given');
    const alias = token('alias');
    const shared = token('shared');
    const container = createContainer();
    container.register(given, { useValue: { [Symbol.dispose]: () => log.push('given') } });
    container.register(alias, { useFactory: (resolver) => resolver.get(given) });
    container.register(shared, { useFactory: () => ({ [Symbol.dispose]: () => log.push('shared') }) });
    const requestAlias = token('request alias');
    container.register(requestAlias, { useFactory: (resolver) => resolver.get(shared), scope: 'request' });
    container.get(alias);
    const scope = container.createScope();
    expect(scope.get(requestAlias)).toBe(container.get(shared));
    await scope.dispose();
    expect(log).toEqual([]);
    await container.dispose();
    expect(log).toEqual(['shared']);
  });

  test('disposes open scopes first, and keeps no transient that was asked for directly', async () => {
    const log: string[] = [];
    class Slip {
      readonly #owner: string;
      constructor(owner = 'caller') {
        this.#owner = owner;
      }
      [Symbol.dispose]() {
        log.push(`slip of ${this.#owner}`);
      }
    }
    class Request {
      readonly slip = inject(slips);
      [Symbol.dispose]() {
        log.push('request');
      }
    }
    const slips = token<Slip>('slip');
    const container = createContainer();
    container.register(slips, { useFactory: () => new Slip('request'), scope: 'transient' });
    container.register(Request, { useClass: Request, scope: 'request' });
    container.get(slips);
    expect(container.created).toHaveLength(0);
    container.createScope().get(Request);
    await container.dispose();
    expect(log).toEqual(['request', 'slip of request']);
  });

  test('bounds each and the whole, and still begins the rest', async () => {
    const { clock } = leakGuard();
    const log: string[] = [];
    const container = createContainer({ env: makeEnv({ clock }), stepTimeoutMs: 100 });
    for (const name of ['a', 'b', 'c']) {
      const key = token(name);
      container.register(key, {
        useFactory: () => ({
          [Symbol.asyncDispose]: () => {
            log.push(name);
            return new Promise<void>(() => {});
          },
        }),
      });
      container.get(key);
    }
    const ended = expect(container.dispose(150)).rejects.toMatchObject({
      errors: [
        { details: { limitMs: 100 } },
        { details: { limitMs: 50 } },
        { code: 'FWK_CORE_STEP_TIMEOUT', details: { limitMs: 0 } },
      ],
    });
    await clock.advance(150);
    await ended;
    expect(log).toEqual(['c', 'b', 'a']);
  });
});

test('@Injectable is refused without parentheses, and with a scope that there is not', () => {
  class Shop {}
  expect(() => Reflect.apply(Injectable, undefined, [Shop])).toThrow(
    '@Injectable: write @Injectable(), with parentheses',
  );
  expect(() => Injectable({ scope: 'session' as never })).toThrow('scope must be one of singleton, transient, request');
  expect(() => Injectable({ scop: 'request' } as never)).toThrow('unknown option "scop", did you mean "scope"?');
});
