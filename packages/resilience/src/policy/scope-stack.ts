/**
 * The layers of one scope of a policy round one service, with other layers between them. Those of the policy may be
 * exchanged while calls run: the next call meets the new ones, as does the next attempt of a call under way, and a layer
 * that keeps state stays, with its state, between its new neighbours.
 */
import {
  type AnyLayer,
  type CallContext,
  describeLayer,
  disposeAll,
  type Env,
  isDisposing,
  type Layer,
  type LayerDescription,
  markSelfLimiting,
  type Service,
  type Stack,
  type Status,
  stack,
  wrapWith,
} from '@fwk/kernel';
import { deadline } from '../deadline/deadline.js';
import { canonicalOrder } from '../order/canonical-order.js';
import type { PlacedPart as PolicyPart, Scope } from '../order/placed-part.js';
import { ByOperation } from './by-operation.js';
import type { PolicyKind } from './policy-kind.js';
import type { Place, Places } from './policy-layers.js';

type AnyService = Service<never, unknown>;

/** Marks, among the layers of a stack, where a policy's layers of one part stand. */
class PlaceLayer implements Layer<never, unknown> {
  readonly role: string;
  readonly part: PolicyPart;

  constructor(part: PolicyPart) {
    this.part = part;
    this.role = part.role;
  }

  wrap(next: Service<never, unknown>): Service<never, unknown> {
    return next;
  }
}

/** The places of these scopes in canonical order, as a stack: others add their layers by role. */
export function placesAsStack<Req, Res>(scopes: readonly Scope[]): Stack<Req, Res> {
  return canonicalOrder
    .filter((part) => part.scopes.some((scope) => scopes.includes(scope)))
    .reduce<Stack<Req, Res>>(
      (layers, part) => layers.use(new PlaceLayer(part) as AnyLayer as Layer<Req, Res>),
      stack<Req, Res>(),
    );
}

/** The layers that stand there now, outermost first. */
export function describePlaces(layers: readonly AnyLayer[], places: Places): readonly LayerDescription[] {
  return layers.flatMap((layer) => {
    if (!(layer instanceof PlaceLayer)) return [describeLayer(layer)];
    const place = places.get(layer.part);
    return place ? describePlace(layer.role, place) : [];
  });
}

function describePlace(role: string, { usual, byOperation }: Place): readonly LayerDescription[] {
  const own = [...byOperation].map(
    ([name, layers]) => [name, layers.map((layer) => layer.describe?.() ?? {})] as const,
  );
  if (own.length === 0) return usual.map(describeLayer);
  const operations = Object.fromEntries(
    own.map(([name, settings]) => [
      name,
      settings.length === 1 ? settings[0] : settings.length === 0 ? false : settings,
    ]),
  );
  const [first, ...others] = usual.length > 0 ? usual : [undefined];
  return [
    { role, settings: { ...first?.describe?.(), operations } },
    ...others.flatMap((layer) => (layer ? [describeLayer(layer)] : [])),
  ];
}

/** Adds no limit, and ends calls at the deadline that they have. */
const ownDeadline = deadline({ timeoutMs: Number.POSITIVE_INFINITY }) as AnyLayer;

/** Stands between a layer that stays and whatever is inside it at the moment. */
class Joint implements AnyService {
  next: AnyService;

  constructor(next: AnyService) {
    this.next = next;
    markSelfLimiting(this, this);
  }

  call(request: never, context: CallContext): Promise<unknown> {
    return this.next.call(request, context);
  }

  status(request?: never): Status {
    return this.next.status(request);
  }
}

interface Staying {
  readonly service: AnyService;
  readonly joint: Joint | undefined;
}

/** See the head of this file. */
export class ScopeStack<Req, Res> implements Service<Req, Res>, AsyncDisposable {
  readonly #layers: readonly AnyLayer[];
  readonly #kind: PolicyKind;
  readonly #innermost: AnyService;
  readonly #env: Env;
  /** Whether the layers are ever exchanged. */
  readonly #follows: boolean;
  readonly #isAtEndpoint: boolean;
  /** Whether calls have begun whose deadline is left to the limit of their attempts. */
  #limited = false;
  #staying: ReadonlyMap<object, Staying> = new Map();
  #outermost: AnyService;

  /** @param layers - outermost first; places among them are filled by {@link exchange}. */
  constructor(
    layers: readonly AnyLayer[],
    kind: PolicyKind,
    innermost: Service<Req, Res>,
    env: Env,
    places: Places,
    follows: boolean,
  ) {
    this.#layers = layers;
    this.#kind = kind;
    this.#innermost = innermost as AnyService;
    this.#env = env;
    this.#follows = follows;
    this.#isAtEndpoint = isAtEndpoint(layers);
    this.#outermost = this.#innermost;
    this.exchange(places);
  }

  call(request: Req, context: CallContext): Promise<Res> {
    return this.#outermost.call(request as never, context) as Promise<Res>;
  }

  status(request?: Req): Status {
    return this.#outermost.status(request as never);
  }

  /** True while no layer stands before the service, so that calls may as well go to it directly. */
  get empty(): boolean {
    return this.#outermost === this.#innermost;
  }

  /** Calls go through these layers from now on. Those that stood here before go on with their state. */
  exchange(places: Places): void {
    this.#disposeAllBut(new Set(this.#layers.flatMap((layer) => layersAt(layer, places))));
    const staying = new Map<object, Staying>();
    this.#outermost = this.#layers.reduceRight<AnyService>(
      (next, layer) => this.#fold(layer, places, next, staying),
      this.#limiting(places),
    );
    this.#staying = staying;
  }

  /**
   * The attempt timeout also ends calls at their deadline. Where it has been taken out, something else must do that for the
   * calls under way. So it must at an endpoint that never had one: the deadline layer before the balancer relies on it.
   */
  #limiting(places: Places): AnyService {
    const limited = this.#layers.some((layer) => isLimited(layer, places));
    this.#limited ||= limited || this.#isAtEndpoint;
    return this.#limited && !limited ? wrapWith(ownDeadline, this.#innermost, this.#env) : this.#innermost;
  }

  /** Disposes of the layers, the outermost first. */
  async [Symbol.asyncDispose](): Promise<void> {
    const kept: readonly object[] = [...this.#staying.values()].map(({ service }) => service);
    this.#staying = new Map();
    await disposeAll(kept.filter(isDisposing).toReversed());
  }

  #fold(layer: AnyLayer, places: Places, next: AnyService, staying: Map<object, Staying>): AnyService {
    if (!(layer instanceof PlaceLayer)) return this.#stay(layer, next, staying);
    const place = places.get(layer.part);
    if (!place) return next;
    const { stateful } = layer.part;
    // Layers without state are built anew, because some look at the service inside them when they are built.
    const round = (layers: readonly AnyLayer[]) =>
      layers.reduceRight<AnyService>(
        (inner, each) => (stateful ? this.#stay(each, inner, staying) : wrapWith(each, inner, this.#env)),
        next,
      );
    const usual = round(place.usual);
    const { operations } = this.#kind;
    if (place.byOperation.size === 0 || !operations) return usual;
    const own = new Map([...place.byOperation].map(([name, layers]) => [name, round(layers)]));
    // Some layers only hold settings, and answer the service that they were given.
    if ([...own.values()].every((service) => service === usual)) return usual;
    return new ByOperation(usual, own, operations);
  }

  #stay(layer: AnyLayer, next: AnyService, staying: Map<object, Staying>): AnyService {
    const stayed = this.#staying.get(layer) ?? this.#joined(layer, next);
    if (stayed.joint) stayed.joint.next = next;
    staying.set(layer, stayed);
    return stayed.service;
  }

  /** Where layers are never exchanged nothing changes inside one. */
  #joined(layer: AnyLayer, next: AnyService): Staying {
    const joint = this.#follows ? new Joint(next) : undefined;
    return { joint, service: wrapWith(layer, joint ?? next, this.#env) };
  }

  /** Those that are taken out may have something to say, and say it before those that replace them. */
  #disposeAllBut(kept: ReadonlySet<object>): void {
    for (const [layer, { service }] of this.#staying) {
      if (kept.has(layer) || !isDisposing(service)) continue;
      disposeAll([service]).catch((error: unknown) =>
        this.#env.logger.warn({ err: error, path: this.#env.path }, 'a layer could not be disposed of'),
      );
    }
  }
}

/** Whether the deadline of calls stands in another stack, outside this one. */
function isAtEndpoint(layers: readonly AnyLayer[]): boolean {
  const roles = layers.flatMap((layer) => (layer instanceof PlaceLayer ? [layer.role] : []));
  return roles.includes('attempt-timeout') && !roles.includes('deadline');
}

function isLimited(layer: AnyLayer, places: Places): boolean {
  const place = layer instanceof PlaceLayer && layer.role === 'attempt-timeout' ? places.get(layer.part) : undefined;
  if (!place) return false;
  return [place.usual, ...place.byOperation.values()].every((layers) => layers.length > 0);
}

function layersAt(layer: AnyLayer, places: Places): readonly object[] {
  if (!(layer instanceof PlaceLayer)) return [layer];
  const place = places.get(layer.part);
  return place ? [...place.usual, ...[...place.byOperation.values()].flat()] : [];
}
