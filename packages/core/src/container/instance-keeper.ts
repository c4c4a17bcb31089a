import { type CallContext, type Env, FwkError } from '@fwk/kernel';
import { StepFailedError } from '../lifecycle/lifecycle-errors.js';
import { runStep } from '../lifecycle/step.js';

/** What an instance may have that its container runs. */
interface Managed {
  onStart?(context: CallContext): Promise<void> | void;
  [Symbol.asyncDispose]?(): PromiseLike<void>;
  [Symbol.dispose]?(): void;
}

/** What a keeper needs. */
export interface KeeperOptions {
  readonly env: Env;
  /** Limit of one `onStart` or one disposal, in milliseconds. */
  readonly stepTimeoutMs: number;
  /** Told of every instance that is kept. */
  readonly onCreated: (instance: unknown) => void;
  /** Told how long the `onStart` of an instance took. */
  readonly onStarted: (name: string, durationMs: number) => void;
  /** The call that `onStart` is a part of where nobody names one; undefined for none. */
  readonly within: () => CallContext | undefined;
}

const given = new WeakSet<object>();

/** Marks a value as somebody else's: no container starts or disposes it, even when a factory hands it on. */
export function markGiven(value: unknown): void {
  if (isObject(value)) given.add(value);
}

/**
 * The instances that one container made and holds, in the order of creation: started in that order, disposed in
 * reverse, one after the other, each bounded in time.
 */
export class InstanceKeeper {
  readonly #options: KeeperOptions;
  readonly #above: InstanceKeeper | undefined;
  readonly #kept = new Set<unknown>();
  readonly #started = new WeakMap<object, Promise<void>>();
  #running = false;

  constructor(options: KeeperOptions, above: InstanceKeeper | undefined) {
    this.#options = options;
    this.#above = above;
  }

  get all(): readonly unknown[] {
    return [...this.#kept];
  }

  /** Keeps an instance, unless it is somebody else's: given, or held here or by a container above. */
  keep(instance: unknown): void {
    if ((isObject(instance) && given.has(instance)) || this.#holds(instance)) return;
    this.#kept.add(instance);
    this.#options.onCreated(instance);
    if (!this.#running) return;
    this.#startOne(instance, this.#options.within()).catch((error: unknown) => {
      this.#options.env.logger.error({ err: error }, 'an instance that was made after the start could not be started');
    });
  }

  async start(parent: CallContext | undefined = this.#options.within()): Promise<void> {
    this.#running = true;
    // A set's iteration also reaches what an onStart adds to it.
    for (const instance of this.#kept) {
      if (parent?.cancelled) throw parent.reason;
      await this.#startOne(instance, parent);
    }
  }

  /** Disposes everything; answers the errors. What comes after `endMs` is begun, but not waited for. */
  async dispose(endMs: number): Promise<readonly FwkError[]> {
    const errors: FwkError[] = [];
    for (const instance of this.all.toReversed()) {
      const dispose = disposerOf(instance);
      if (!dispose) continue;
      try {
        await this.#step(instance as object, 'dispose', dispose, endMs);
      } catch (error) {
        errors.push(
          error instanceof FwkError ? error : new StepFailedError('container', 'dispose', String(error), error),
        );
      }
    }
    return errors;
  }

  #holds(instance: unknown): boolean {
    return this.#kept.has(instance) || (this.#above ? this.#above.#holds(instance) : false);
  }

  #startOne(instance: unknown, parent?: CallContext): Promise<void> {
    if (!isObject(instance) || typeof instance.onStart !== 'function') return Promise.resolve();
    const known = this.#started.get(instance);
    if (known) return known;
    const { env, onStarted } = this.#options;
    const startMs = env.clock.now();
    const begun = this.#step(
      instance,
      'onStart',
      (call) => instance.onStart?.(call),
      Number.POSITIVE_INFINITY,
      parent,
    ).finally(() => onStarted(nameOfInstance(instance), env.clock.now() - startMs));
    this.#started.set(instance, begun);
    return begun;
  }

  #step(
    instance: object,
    step: string,
    work: (call: CallContext) => Promise<void> | void,
    endMs: number,
    parent?: CallContext,
  ): Promise<void> {
    const { env, stepTimeoutMs } = this.#options;
    const limitMs = Math.max(0, Math.min(stepTimeoutMs, endMs - env.clock.now()));
    const component = nameOfInstance(instance);
    return runStep(env.clock, { component, step, limitMs }, work, parent);
  }
}

function nameOfInstance(instance: object): string {
  return instance.constructor?.name || 'an object';
}

function disposerOf(instance: unknown): (() => Promise<void> | void) | undefined {
  if (!isObject(instance)) return undefined;
  if (typeof instance[Symbol.asyncDispose] === 'function') return async () => instance[Symbol.asyncDispose]?.();
  if (typeof instance[Symbol.dispose] === 'function') return () => instance[Symbol.dispose]?.();
  return undefined;
}

function isObject(instance: unknown): instance is object & Managed {
  return (typeof instance === 'object' && instance !== null) || typeof instance === 'function';
}
