import { inspect } from 'node:util';
import type { CallContext } from '../context/call-context.js';
import { currentOf } from '../live/live.js';
import { makeEnv } from './env.js';
import type { Env, Layer, Service, Status } from './service.js';
import { serviceOf } from './service-of.js';

/** One layer as people see it. */
export interface LayerDescription {
  readonly role: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What a stack builds. Dispose it when it is no longer called: its layers may keep something, such as metric series. */
export interface BuiltService<in Req, out Res> extends Service<Req, Res>, AsyncDisposable {
  /** Disposes of the layers, the outermost first. The service that they were built round is its giver's to dispose of. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Layers in order, outermost first, waiting for the service they stand before. Immutable: `use` answers a new one. */
export interface Stack<Req, Res, NextReq = Req, NextRes = Res> {
  /** Adds a layer inside those already listed: the first listed sees the request first. */
  use(layer: Layer<NextReq, NextRes>): Stack<Req, Res, NextReq, NextRes>;
  /** The same with a layer that changes the types: what follows speaks the inner ones. */
  use<InnerReq, InnerRes>(layer: Layer<NextReq, NextRes, InnerReq, InnerRes>): Stack<Req, Res, InnerReq, InnerRes>;
  /** Builds the service round another. Each build has its own state. */
  into(service: Service<NextReq, NextRes>): BuiltService<Req, Res>;
  /** The same round a function. Apart from the other, since functions have a `call` too, which would hide its types. */
  into(service: (request: NextReq, context: CallContext) => Promise<NextRes> | NextRes): BuiltService<Req, Res>;
  /** The layers, outermost first. */
  describe(): readonly LayerDescription[];
}

type AnyLayer = Layer<never, unknown, never, unknown>;

/**
 * Starts a stack.
 * @param env - parts that replace the default environment.
 */
export function stack<Req, Res>(env: Partial<Env> = {}): Stack<Req, Res> {
  return new LayerStack<Req, Res, Req, Res>(makeEnv(env), []);
}

class LayerStack<Req, Res, NextReq, NextRes> implements Stack<Req, Res, NextReq, NextRes> {
  readonly #env: Env;
  readonly #layers: readonly AnyLayer[];

  constructor(env: Env, layers: readonly AnyLayer[]) {
    this.#env = env;
    this.#layers = layers;
  }

  use<InnerReq, InnerRes>(layer: Layer<NextReq, NextRes, InnerReq, InnerRes>): Stack<Req, Res, InnerReq, InnerRes> {
    return new LayerStack<Req, Res, InnerReq, InnerRes>(this.#env, [...this.#layers, layer as AnyLayer]);
  }

  into(
    service: Service<NextReq, NextRes> | ((request: NextReq, context: CallContext) => Promise<NextRes> | NextRes),
  ): BuiltService<Req, Res> {
    // The chain's types were checked link by link in `use`; here they are erased to fold over it.
    const innermost = typeof service === 'function' ? serviceOf(service) : service;
    const kept: Disposing[] = [];
    const folded = this.#layers.reduceRight<Service<never, unknown>>(
      (next, layer) => {
        const made = layer.wrap(next, this.#env);
        if (made !== next && isDisposing(made)) kept.unshift(made);
        return made;
      },
      innermost as Service<never, unknown>,
    );
    return new BuiltStack(folded as Service<Req, Res>, kept);
  }

  describe(): readonly LayerDescription[] {
    return this.#layers.map((layer) => ({ role: layer.role, settings: layer.describe?.() ?? {} }));
  }
}

type Disposing = Partial<AsyncDisposable & Disposable>;

function isDisposing(service: object): service is Disposing {
  return Symbol.asyncDispose in service || Symbol.dispose in service;
}

class BuiltStack<Req, Res> implements BuiltService<Req, Res> {
  readonly #outermost: Service<Req, Res>;
  readonly #kept: readonly Disposing[];

  constructor(outermost: Service<Req, Res>, kept: readonly Disposing[]) {
    this.#outermost = outermost;
    this.#kept = kept;
  }

  call(request: Req, context: CallContext): Promise<Res> {
    return this.#outermost.call(request, context);
  }

  status(request?: Req): Status {
    return this.#outermost.status(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failed: unknown[] = [];
    for (const each of this.#kept) {
      try {
        if (each[Symbol.asyncDispose]) await each[Symbol.asyncDispose]?.();
        else each[Symbol.dispose]?.();
      } catch (error) {
        // One layer that cannot let go is no reason for the others to keep what they have.
        failed.push(error);
      }
    }
    if (failed.length === 1) throw failed[0];
    if (failed.length > 1) throw new AggregateError(failed, 'several layers could not be disposed of');
  }
}

/** A stack in one line a layer, outermost first: `retry(maxAttempts=3)`. */
export function formatStack(layers: readonly LayerDescription[]): string {
  return layers
    .map(({ role, settings }) => {
      const parts = Object.entries(settings).map(([name, value]) => `${name}=${shown(value)}`);
      return `${role}(${parts.join(', ')})`;
    })
    .join('\n');
}

function shown(setting: unknown): string {
  const value = currentOf(setting);
  return typeof value === 'string' ? value : inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
}
