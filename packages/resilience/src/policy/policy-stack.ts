/**
 * One stack built from a policy. Its layers may be exchanged while calls run: the next call meets the new ones, as does
 * the next attempt of a call under way, and a layer that keeps state stays, with its state, between its new neighbours.
 */
import type { CallContext, Env, Service, Status } from '@fwk/kernel';
import { deadline } from '../deadline/deadline.js';
import type { FunctionLayer } from '../layer/function-layer.js';
import { markSelfLimiting } from '../layer/self-limiting.js';
import type { PlacedLayer } from './policy-layers.js';

/** Adds no limit, and ends calls at the deadline that they have. */
const ownDeadline = deadline({ timeoutMs: Number.POSITIVE_INFINITY });

/** Stands between a layer that stays and whatever is inside it at the moment. */
class Joint<Req, Res> implements Service<Req, Res> {
  next: Service<Req, Res>;

  constructor(next: Service<Req, Res>) {
    this.next = next;
    markSelfLimiting(this, this);
  }

  call(request: Req, context: CallContext): Promise<Res> {
    return this.next.call(request, context);
  }

  status(request?: Req): Status {
    return this.next.status(request);
  }
}

interface Staying<Req, Res> {
  readonly service: Service<Req, Res>;
  readonly joint: Joint<Req, Res>;
}

/** The layers of a policy round one service. */
export class PolicyStack<Req, Res> implements Service<Req, Res> {
  readonly #innermost: Service<Req, Res>;
  readonly #env: Env;
  #staying: ReadonlyMap<FunctionLayer, Staying<Req, Res>> = new Map();
  #outermost: Service<Req, Res>;
  /** Whether calls have begun whose deadline is left to the limit of their attempts. */
  #limited = false;

  constructor(innermost: Service<Req, Res>, env: Env) {
    this.#innermost = innermost;
    this.#env = env;
    this.#outermost = innermost;
  }

  call(request: Req, context: CallContext): Promise<Res> {
    return this.#outermost.call(request, context);
  }

  status(request?: Req): Status {
    return this.#outermost.status(request);
  }

  /** Calls go through these layers from now on. Those that keep state and stood here before go on with it. */
  exchange(placed: readonly PlacedLayer[]): void {
    this.#dispose(placed);
    const staying = new Map<FunctionLayer, Staying<Req, Res>>();
    this.#outermost = placed.reduceRight<Service<Req, Res>>((next, { layer, stateful }) => {
      if (!stateful) return layer.wrap(next, this.#env);
      const stayed = this.#staying.get(layer) ?? this.#joined(layer, next);
      stayed.joint.next = next;
      staying.set(layer, stayed);
      return stayed.service;
    }, this.#limiting(placed));
    this.#staying = staying;
  }

  /** Where the limit of attempts is taken out, calls under way must still end by their deadlines, which it enforced. */
  #limiting(placed: readonly PlacedLayer[]): Service<Req, Res> {
    const limited = placed.some(({ layer }) => layer.role === 'attempt-timeout');
    this.#limited ||= limited;
    return this.#limited && !limited ? ownDeadline.wrap(this.#innermost, this.#env) : this.#innermost;
  }

  /** Those that are taken out may have something to say, and say it before those that replace them. */
  #dispose(placed: readonly PlacedLayer[]): void {
    const kept = new Set(placed.map(({ layer }) => layer));
    for (const [layer, { service }] of this.#staying) {
      if (!kept.has(layer)) (service as Partial<Disposable>)[Symbol.dispose]?.();
    }
  }

  #joined(layer: FunctionLayer, next: Service<Req, Res>): Staying<Req, Res> {
    const joint = new Joint(next);
    return { joint, service: layer.wrap(joint, this.#env) };
  }
}
