import type { CallContext } from '../context/call-context.js';
import { type AnyLayer, type BuiltService, build, checkService } from './built-stack.js';
import { makeEnv } from './env.js';
import { describeLayer, type LayerDescription } from './layer-description.js';
import type { Env, Layer, Service } from './service.js';
import { serviceOf } from './service-of.js';
import { isObject, noLayer, roleAmbiguous, roleUnknown } from './stack-error.js';

/**
 * Layers in order, outermost first, waiting for the service they stand before. Immutable: each method that changes it
 * answers a new one.
 *
 * The role of a layer is its address. A method that takes one throws a StackError: `FWK_KERNEL_ROLE_UNKNOWN` when no layer
 * is of that role, `FWK_KERNEL_ROLE_AMBIGUOUS` when several are. All that take a layer throw `FWK_KERNEL_LAYER_INVALID`
 * for what is none. Addresses reach only this stack's own layers, not those of an inner scope, such as an endpoint's.
 */
export interface Stack<Req, Res, NextReq = Req, NextRes = Res> {
  /** Adds a layer inside those already listed: the first listed sees the request first. */
  use(layer: Layer<NextReq, NextRes>): Stack<Req, Res, NextReq, NextRes>;
  /** The same with a layer that changes the types: what follows speaks the inner ones. */
  use<InnerReq, InnerRes>(layer: Layer<NextReq, NextRes, InnerReq, InnerRes>): Stack<Req, Res, InnerReq, InnerRes>;
  /** Adds a layer just outside the one of a role. It must keep the types of that place; the compiler cannot check it. */
  before(role: string, layer: AnyLayer): Stack<Req, Res, NextReq, NextRes>;
  /** Adds a layer just inside the one of a role. It must keep the types of that place; the compiler cannot check it. */
  after(role: string, layer: AnyLayer): Stack<Req, Res, NextReq, NextRes>;
  /** Puts a layer in the place of the one of a role. It must have the same types; the compiler cannot check it. */
  replace(role: string, layer: AnyLayer): Stack<Req, Res, NextReq, NextRes>;
  /** Takes out the layer of a role, which must be one that keeps the types; the compiler cannot check it. */
  without(role: string): Stack<Req, Res, NextReq, NextRes>;
  /**
   * Builds the service round another. Each build has its own state.
   * @throws StackError `FWK_KERNEL_SERVICE_INVALID` when this, or what a layer's `wrap` answers, is no service
   */
  into(service: Service<NextReq, NextRes>): BuiltService<Req, Res>;
  /** The same round a function. Apart from the other, since functions have a `call` too, which would hide its types. */
  into(service: (request: NextReq, context: CallContext) => Promise<NextRes> | NextRes): BuiltService<Req, Res>;
  /** The layers, outermost first. */
  readonly layers: readonly AnyLayer[];
  /** The layers as people see them, outermost first, with those of their inner scopes. */
  describe(): readonly LayerDescription[];
}

/**
 * Starts a stack.
 * @param env - parts that replace the default environment.
 * @example stack<Request, Response>().use(deadline()).use(retry()).after('retry', logging).into(send);
 */
export function stack<Req, Res>(env: Partial<Env> = {}): Stack<Req, Res> {
  return new LayerStack<Req, Res, Req, Res>(makeEnv(env), []);
}

class LayerStack<Req, Res, NextReq, NextRes> implements Stack<Req, Res, NextReq, NextRes> {
  readonly #env: Env;
  readonly layers: readonly AnyLayer[];

  constructor(env: Env, layers: readonly AnyLayer[]) {
    this.#env = env;
    this.layers = layers;
  }

  use<InnerReq, InnerRes>(layer: Layer<NextReq, NextRes, InnerReq, InnerRes>): Stack<Req, Res, InnerReq, InnerRes> {
    return new LayerStack<Req, Res, InnerReq, InnerRes>(this.#env, [...this.layers, checked(layer as AnyLayer)]);
  }

  before(role: string, layer: AnyLayer): Stack<Req, Res, NextReq, NextRes> {
    return this.#changed(this.#indexOf(role), 0, checked(layer));
  }

  after(role: string, layer: AnyLayer): Stack<Req, Res, NextReq, NextRes> {
    return this.#changed(this.#indexOf(role) + 1, 0, checked(layer));
  }

  replace(role: string, layer: AnyLayer): Stack<Req, Res, NextReq, NextRes> {
    return this.#changed(this.#indexOf(role), 1, checked(layer));
  }

  without(role: string): Stack<Req, Res, NextReq, NextRes> {
    return this.#changed(this.#indexOf(role), 1);
  }

  into(
    service: Service<NextReq, NextRes> | ((request: NextReq, context: CallContext) => Promise<NextRes> | NextRes),
  ): BuiltService<Req, Res> {
    const innermost: unknown = typeof service === 'function' ? serviceOf(service) : service;
    checkService(innermost);
    return build(this.layers, innermost, this.#env);
  }

  describe(): readonly LayerDescription[] {
    return this.layers.map(describeLayer);
  }

  #changed(index: number, removed: number, ...added: readonly AnyLayer[]): Stack<Req, Res, NextReq, NextRes> {
    return new LayerStack(this.#env, this.layers.toSpliced(index, removed, ...added));
  }

  #indexOf(role: string): number {
    const roles = this.layers.map((layer) => layer.role);
    const index = roles.indexOf(role);
    if (index === -1) throw roleUnknown(role, roles);
    if (roles.lastIndexOf(role) !== index) throw roleAmbiguous(role, roles);
    return index;
  }
}

/** @throws StackError `FWK_KERNEL_LAYER_INVALID` */
function checked(layer: AnyLayer): AnyLayer {
  const given: unknown = layer;
  if (!isObject(given) || typeof Reflect.get(given, 'role') !== 'string') throw noLayer(given, 'role');
  if (typeof Reflect.get(given, 'wrap') !== 'function') throw noLayer(given, 'wrap function');
  return layer;
}
