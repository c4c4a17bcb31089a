import { FwkError } from '@fwk/kernel';

/** Somebody asked for a thing that nobody registered. Code `FWK_CORE_NOT_REGISTERED`. */
export class NotRegisteredError extends FwkError {
  /** @param hint - what to do, where that is known better. */
  constructor(key: string, path: readonly string[], hint = '') {
    const asker = path.at(-1);
    const usual = key.startsWith('the token')
      ? 'list the component that provides it in `use`, or a pair [token, provider] in `providers`'
      : 'decorate the class with @Injectable(), or list it in `providers`';
    super(
      'FWK_CORE_NOT_REGISTERED',
      `nobody registered ${key}, ${asker ? `which ${asker} asked for (${[...path, key].join(' → ')})` : 'which was asked for directly'}; ${
        hint || usual
      }`,
      { details: { key, asker, path } },
    );
  }
}

/** Things need each other in a circle. Code `FWK_CORE_CYCLE`. */
export class CycleError extends FwkError {
  /** @param path - the circle, its first member again at its end. */
  constructor(path: readonly string[]) {
    super(
      'FWK_CORE_CYCLE',
      `a dependency cycle: ${path.join(' → ')}; let one of them look the other up when it needs it (an @Inject getter), or move what both need into a third`,
      { details: { path } },
    );
  }
}

/** A singleton would keep a request-scoped thing beyond its request. Code `FWK_CORE_CAPTIVE_DEPENDENCY`. */
export class CaptiveDependencyError extends FwkError {
  constructor(holder: string, key: string, path: readonly string[]) {
    super(
      'FWK_CORE_CAPTIVE_DEPENDENCY',
      `the singleton ${holder} would hold the request-scoped ${key} for ever (${path.join(' → ')}); make ${holder} request-scoped too, or hand it what it needs with each call`,
      { details: { holder, key, path } },
    );
  }
}

/** A request-scoped thing was asked for outside any request. Code `FWK_CORE_NO_SCOPE`. */
export class NoScopeError extends FwkError {
  constructor(key: string) {
    super('FWK_CORE_NO_SCOPE', `${key} is request-scoped: ask a scope for it (container.createScope())`, {
      details: { key },
    });
  }
}

/** `inject()` or an `@Inject` getter was used where no container builds anything. Code `FWK_CORE_INJECT_OUTSIDE`. */
export class InjectOutsideError extends FwkError {
  constructor(key: string) {
    super(
      'FWK_CORE_INJECT_OUTSIDE',
      `inject(${key}) was called outside a container; it works in field initialisers, constructors and factories of what a container builds: get the object from the container instead of calling new`,
      { details: { key } },
    );
  }
}

/** The key is no class and no token: mostly undefined, because two modules import each other. Code `FWK_CORE_UNDEFINED_KEY`. */
export class UndefinedKeyError extends FwkError {
  constructor(path: readonly string[], what: string) {
    super(
      'FWK_CORE_UNDEFINED_KEY',
      `${path.at(-1) ?? 'somebody'} asked for ${what}, which is no class and no token; ${
        what.includes('undefined')
          ? 'most often two modules import each other and one is not loaded yet: use a token, or break the import cycle'
          : 'make a key once, `const key = token(name)`, and ask for that'
      }`,
      { details: { path, what } },
    );
  }
}

/** A constructor has parameters and nothing says what they are. Code `FWK_CORE_PARAMETERS_UNKNOWN`. */
export class ParametersUnknownError extends FwkError {
  /** @param unknown - positions, counted from 1, each with the type that the compiler emitted, if any. */
  constructor(className: string, expected: number, unknown: readonly string[]) {
    super(
      'FWK_CORE_PARAMETERS_UNKNOWN',
      `the constructor of ${className} needs ${expected} parameter(s), and nothing says what to give it as parameter ${unknown.join(', ')}: ` +
        'interfaces, unions such as `Dep | null`, primitives and types from `import type` have no class at run time, ' +
        'esbuild and tsx emit no types at all, and standard decorators have none; ' +
        'use inject() in fields, @Inject(key) on the parameter, or give it a default value',
      { details: { className, expected, unknown } },
    );
  }
}

/** A key was registered twice, or overridden after it had been built. Code `FWK_CORE_DUPLICATE_PROVIDER`. */
export class DuplicateProviderError extends FwkError {
  constructor(key: string, why: string) {
    super('FWK_CORE_DUPLICATE_PROVIDER', `${key} ${why}`, { details: { key } });
  }
}

/** The container was disposed. Code `FWK_CORE_CONTAINER_DISPOSED`. */
export class ContainerDisposedError extends FwkError {
  constructor(key: string) {
    super('FWK_CORE_CONTAINER_DISPOSED', `${key} was asked of a container that is disposed`, { details: { key } });
  }
}

/** Some instances could not be disposed; the others were. `errors` has each. Code `FWK_CORE_DISPOSE_FAILED`. */
export class DisposeFailedError extends FwkError {
  readonly errors: readonly FwkError[];

  constructor(errors: readonly FwkError[]) {
    super(
      'FWK_CORE_DISPOSE_FAILED',
      `${errors.length} instance(s) failed to be disposed: ${errors.map((error) => error.message).join('; ')}`,
      { cause: errors[0], details: { failures: errors.map((error) => error.message) } },
    );
    this.errors = errors;
  }
}
