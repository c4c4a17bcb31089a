/**
 * opossum, hardened. It keeps its state, emits its events and answers `stats` as its users know it, but what makes it
 * expensive or wrong is taken out:
 *
 * - Its own listeners are removed after construction: one of them starts the reset timer, the others count. We count
 *   ourselves, and the state changes when the next call looks at the clock. What is left is no timer and about 3 kB.
 * - Its `Status` is replaced by a subclass without intervals, whose `stats` read our O(1) window.
 * - `fire` is refused. One call through it costs more than 1 µs: three events, a Promise inside a Promise, and
 *   `stats` on every failure. We drive the states and emit its call events only once somebody listens.
 * - A listener that throws cannot break a transition; it is reported.
 */
import type { BreakerState } from './breaker-state.js';
import { EngineMethodError } from './engine-method-error.js';
import { type OpossumEngine, type OpossumStats, type OpossumStatus, opossumClass } from './opossum.js';

/** The breaker as its engine sees it. */
export interface EngineDriver {
  readonly name: string;
  readonly warmingUp: boolean;
  readonly minimumCalls: number;
  stats(): OpossumStats;
  /** Somebody called the engine's own `open`, `close`, `enable`, `disable` or `shutdown`. */
  asked(what: 'open' | 'close' | 'enable' | 'disable' | 'shutdown'): void;
  listenerFailed(event: string, error: unknown): void;
}

/** The engine with what the breaker needs of it. */
export interface Engine extends OpossumEngine {
  /** True once somebody listens for anything; from then on calls are announced too. */
  readonly watched: boolean;
  /** Makes the engine's state follow the breaker's, with opossum's event. */
  follow(state: BreakerState, openForMs: number): void;
}

/** What opossum itself listens to, so that tools which ask `eventNames()` (opossum-prometheus) find what they expect. */
const eventNames = Object.freeze([
  'success',
  'failure',
  'fallback',
  'timeout',
  'fire',
  'reject',
  'cacheHit',
  'cacheMiss',
  'coalesceCacheHit',
  'coalesceCacheMiss',
  'open',
  'close',
  'semaphoreLocked',
  'halfOpen',
]);

type Listener = Parameters<OpossumEngine['on']>[1];

const noRotation = Object.freeze({ on() {}, removeListener() {}, listenerCount: () => 1 });
const notCalled = (method = 'fire') =>
  Promise.reject(new EngineMethodError(method, 'call the wrapped service or function'));
const filtersNothing = () => false;
const noKey = () => '';

const statusOptions = () => ({
  rollingCountBuckets: 1,
  rollingPercentilesEnabled: false,
  enableSnapshots: false,
  rotateBucketController: noRotation,
});

let build: ((driver: EngineDriver) => Engine) | undefined;

/** Makes the engine of one breaker. */
export function makeEngine(driver: EngineDriver): Engine {
  build ??= hardened(opossumClass);
  return build(driver);
}

function hardened(Opossum: typeof OpossumEngine): (driver: EngineDriver) => Engine {
  // opossum does not export its Status class; an instance leads to it.
  const Status = Opossum.newStatus(statusOptions()).constructor as typeof OpossumStatus;

  class WindowStatus extends Status {
    readonly #driver: EngineDriver;

    constructor(driver: EngineDriver) {
      super(statusOptions());
      this.#driver = driver;
    }

    override get stats(): OpossumStats {
      return this.#driver.stats();
    }

    override get window(): readonly OpossumStats[] {
      return [this.#driver.stats()];
    }

    /** Counting is the breaker's; opossum's own listeners are gone and nobody else may count twice. */
    increment(): void {}
    open(): void {}
    close(): void {}
  }

  class HardenedOpossum extends Opossum implements Engine {
    readonly #driver: EngineDriver;
    #probing = false;
    #following = false;
    #shutDown = false;
    watched = false;

    constructor(driver: EngineDriver) {
      // A fresh options object each: opossum writes into it.
      super(() => notCalled(), {
        name: driver.name,
        timeout: false,
        status: new WindowStatus(driver),
        errorFilter: filtersNothing,
        cacheGetKey: noKey,
        ...statusOptions(),
      });
      this.#driver = driver;
      super.removeAllListeners();
    }

    follow(state: BreakerState, openForMs: number): void {
      this.#following = true;
      if (state !== 'forced-open') this.#shutDown = false;
      try {
        if (state === 'disabled') super.disable();
        else if (!this.enabled) super.enable();
        if (state === 'open' || state === 'forced-open') this.#toOpen();
        else if (state === 'half-open') {
          this.#probing = true;
          this.emit('halfOpen', openForMs);
        } else {
          this.#probing = false;
          super.close();
        }
      } finally {
        this.#following = false;
      }
    }

    /** opossum says nothing on the way from half-open back to open, because for it that was never left. */
    #toOpen(): void {
      if (this.#probing) {
        this.#probing = false;
        this.emit('open');
      } else super.open();
    }

    override get halfOpen(): boolean {
      return this.#probing;
    }

    override get warmUp(): boolean {
      return this.#driver.warmingUp;
    }

    override get pendingClose(): boolean {
      return this.#probing;
    }

    override get opened(): boolean {
      return super.opened && !this.#probing;
    }

    override open(): void {
      this.#driver.asked('open');
    }

    override close(): void {
      this.#driver.asked('close');
    }

    override enable(): void {
      this.#driver.asked('enable');
    }

    override disable(): void {
      // shutdown() of opossum calls this on its way.
      if (!this.#following) this.#driver.asked('disable');
    }

    /** As in opossum, whoever listens hears of this and of nothing after it. Unlike there the breaker can be reset. */
    override shutdown(): void {
      this.emit('shutdown');
      this.removeAllListeners();
      this.#driver.asked('shutdown');
      this.#shutDown = true;
    }

    /** opossum's own would call the action and count that as a failure. */
    fire(): Promise<never> {
      return notCalled();
    }

    call(): Promise<never> {
      return notCalled('call');
    }

    /** opossum's own would be heard by `fire` alone, and so by nobody. */
    fallback(): never {
      throw new EngineMethodError(
        'fallback',
        'give the policy a fallback, or stand a fallback layer outside the breaker',
      );
    }

    /** opossum's own has no cache here, so that old answers would be given on. */
    clearCache(): never {
      throw new EngineMethodError('clearCache', 'clear() the handle of the cache layer, which its onBuilt gives');
    }

    /** opossum's own would start an interval that survives `shutdown`. */
    healthCheck(): never {
      throw new EngineMethodError('healthCheck', 'register a health indicator with the application');
    }

    override get volumeThreshold(): number {
      return this.#driver.minimumCalls;
    }

    override get isShutdown(): boolean {
      return this.#shutDown;
    }

    override on(event: string | symbol, listener: Listener): this {
      this.watched = true;
      return super.on(event, listener);
    }

    override addListener(event: string | symbol, listener: Listener): this {
      return this.on(event, listener);
    }

    override prependListener(event: string | symbol, listener: Listener): this {
      this.watched = true;
      return super.prependListener(event, listener);
    }

    override removeListener(event: string | symbol, listener: Listener): this {
      super.removeListener(event, listener);
      this.watched = super.eventNames().length > 0;
      return this;
    }

    override off(event: string | symbol, listener: Listener): this {
      return this.removeListener(event, listener);
    }

    override removeAllListeners(event?: string | symbol): this {
      super.removeAllListeners(...(event === undefined ? [] : [event]));
      this.watched = super.eventNames().length > 0;
      return this;
    }

    override eventNames(): (string | symbol)[] {
      return [...new Set([...eventNames, ...super.eventNames()])];
    }

    override emit(event: string | symbol, ...args: unknown[]): boolean {
      try {
        return super.emit(event, ...args);
      } catch (error) {
        this.#driver.listenerFailed(String(event), error);
        return true;
      }
    }
  }

  return (driver) => new HardenedOpossum(driver);
}
