/**
 * Says which endpoints of a service a call may go to, before the balancer chooses among them: by tags and version, by a split of
 * traffic, by priority, by zone, and by the caller's subset. In this order, each among those that the one before left.
 *
 * All this is planned when the members change, so that a pick is cheap: without a split or several zones it goes straight to
 * the balancer's picker.
 */
import { background, type CallContext, combine, type Env, type Live } from '@fwk/kernel';
import { type CallRoute, routeKey } from '../membership/call-route.js';
import type { Candidate } from '../pick/balancer.js';
import { readKey } from '../pick/read-key.js';
import type { LeftOut, MakePicker, RoutedPicker, Router, Split } from '../pick/router.js';
import { type Caller, CallerFacts, type Places } from './caller.js';
import type { Planning } from './group-plan.js';
import { type Told, tellProblems } from './problems.js';
import { type Members, Route } from './route.js';
import { checkRouting, type RoutingOptions } from './routing-options.js';

/**
 * Makes a router.
 * @param caller - where the caller runs and who its peers are; zones and subsets need it. @defaultValue nothing is known of it
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example balance({ service: 'inventory', endpoints, routing: routing({ version: '^2', split: { '2.3.0': 95, '2.4.0-rc': 5 } }) });
 */
export function routing(options?: Partial<RoutingOptions>, caller: Caller = {}): Router {
  return routerOf(checkRouting(options), caller);
}

/** The same with options and caller that change. @param options - as they passed {@link checkRouting} */
export function liveRouting(options: Live<RoutingOptions>, caller: Live<Caller>): Live<Router> {
  return combine([options, caller], routerOf);
}

function routerOf(options: RoutingOptions, given: Caller): Router {
  const caller = new CallerFacts(given);
  return {
    picker: (candidates, make, env, previous, out = new Set()) => {
      const healthy = out.size === 0 ? candidates : candidates.filter((candidate) => !out.has(candidate));
      const before = previous instanceof Routed ? previous : undefined;
      return new Routed({ healthy, out: [...out] }, { options, caller, make }, env, before);
    },
  };
}

/** Routes of calls with versions or tags of their own that are kept. */
const MAX_CALL_ROUTES = 64;

class Routed implements RoutedPicker {
  readonly options: RoutingOptions;
  readonly places: Places;
  readonly told: Told;
  keyMissed: boolean;
  readonly #members: Members;
  readonly #planning: Planning;
  readonly #env: Env;
  readonly #route: Route;
  /** By version and tags. */
  readonly #callRoutes = new Map<string, Route>();
  #callRoutesMade = 0;

  constructor(
    members: Members,
    { options, caller, make }: { options: RoutingOptions; caller: CallerFacts; make: MakePicker },
    env: Env,
    before: Routed | undefined,
  ) {
    this.options = options;
    this.#members = members;
    this.#env = env;
    // While it is not listed, as while it drains, it keeps its place, so that it opens no other connections.
    const { all, inZone } = options.subset > 0 ? caller.places : noPlaces;
    this.places = { all: all ?? before?.places.all, inZone: inZone ?? before?.places.inZone };
    this.#planning = { options, caller, make, places: this.places };
    this.#route = new Route('', options, members, this.#planning, env.random);
    this.told = tellProblems(this.#route, members, env, before?.told);
    this.keyMissed = before?.options === options && before.keyMissed;
  }

  pick(nowMs: number, request?: unknown, context?: CallContext): Candidate | undefined {
    const said = context?.get(routeKey);
    const route = this.#routeFor(said);
    const key = route.hasChoice ? this.#keyOf(request, context, true) : undefined;
    return route.pick(nowMs, request, context, key);
  }

  get split(): Split | undefined {
    const { matcher } = this.#route;
    if (matcher.groups.length === 0) return undefined;
    return {
      groups: matcher.groups,
      groupOf: ({ endpoint: { instance } }) =>
        matcher.fits(instance) ? matcher.groups[matcher.groupOf(instance)]?.name : undefined,
    };
  }

  leftOut(candidate: Candidate, context?: CallContext): LeftOut | undefined {
    return this.#routeFor(context?.get(routeKey)).leftOut(candidate);
  }

  admits(candidate: Candidate, request?: unknown, context?: CallContext): boolean {
    const said = context?.get(routeKey);
    const route = this.#routeFor(said);
    return route.admits(candidate, route.hasChoice ? this.#keyOf(request, context, false) : undefined);
  }

  #routeFor(said: CallRoute | undefined): Route {
    if (said === undefined || (said.version === undefined && said.tags === undefined)) return this.#route;
    const name = JSON.stringify([said.version, said.tags]);
    const known = this.#callRoutes.get(name);
    if (known) return known;
    const { tags, version, split } = this.options;
    // Who asks for versions has chosen already.
    const wanted = said.version === undefined ? { version, split } : { version: said.version };
    const group = `call ${this.#callRoutesMade++ % MAX_CALL_ROUTES} `;
    const route = new Route(
      group,
      { tags: said.tags ?? tags, ...wanted },
      this.#members,
      this.#planning,
      this.#env.random,
    );
    if (this.#callRoutes.size >= MAX_CALL_ROUTES) {
      const [oldest] = this.#callRoutes.keys();
      this.#callRoutes.delete(oldest as string);
    }
    this.#callRoutes.set(name, route);
    return route;
  }

  /** Undefined where a call has none: then chance decides. */
  #keyOf(request: unknown, context: CallContext | undefined, tells: boolean): string | undefined {
    return readKey(this.options.keyOf, request, context ?? background, tells ? this.#keyMissing : nobodyAsked);
  }

  /** Told once. */
  readonly #keyMissing = (reason: string): void => {
    if (this.keyMissed) return;
    this.keyMissed = true;
    this.#env.events.emit('routing.key-missing', { path: this.#env.path, reason });
  };
}

const nobodyAsked = () => {};
const noPlaces: Places = { all: undefined, inZone: undefined };
