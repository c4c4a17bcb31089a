/**
 * What stands before a program: the pipeline of a server, with the program as what answers its operations. The way of a request is: is it
 * a probe → is it for a mounted contract → its route → trace, priority, time left → the layers of the policy → the program.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Health, Metrics, Usage } from '@fwk/core';
import { disposeAll, type Env, TimeLimits, UnsentAnswers } from '@fwk/kernel';
import type { PolicyRegistry, ServerScope } from '@fwk/resilience';
import { memoryIdempotencyStore } from '../idempotency/memory-store.js';
import { Dispatcher } from '../server/dispatcher.js';
import { leavesTooMuch } from '../server/read-body.js';
import { serverDefaults } from '../server/server-options.js';
import { noPeers } from '../server/server-tls.js';
import { writeAnswer } from '../server/write-answer.js';
import type { ServedAnswer } from '../serving/answer.js';
import { KeyedRequests } from '../serving/keyed-requests.js';
import { OpenStreams } from '../serving/open-streams.js';
import { probeHandlers, probePaths } from '../serving/probe-routes.js';
import { RequestError } from '../serving/request-error.js';
import { type RequestTarget, readTarget } from '../serving/request-target.js';
import { RouteHandler } from '../serving/route-handler.js';
import { checkRoutes, type Routes, routesOf } from '../serving/routes.js';
import { ServedOperations } from '../serving/served-operations.js';
import type { ServedRequest } from '../serving/served-request.js';
import { ServedScope } from '../serving/served-scope.js';
import type { ServerDrain, ServerParts } from '../serving/server-parts.js';
import type { TrustCheck } from '../serving/trusted-networks.js';
import { headerNames } from '../wire/headers.js';
import { ServerLoad } from '../wire/load-text.js';
import { mountedOf, mountPaths } from './mounted.js';
import type { Program } from './program.js';
import { ProgramRequest, type ProgramWire } from './program-request.js';
import { ProgramResponse } from './program-response.js';
import { knownMethods, type ProgramRoute, ProgramRoutes } from './program-routes.js';
import { ProgramWork } from './program-work.js';
import type { ProtectOptions } from './protect-options.js';

/** What a guard works with: that of an application, or its own. */
export interface GuardParts {
  readonly env: Env;
  readonly drain: ServerDrain;
  readonly health: Pick<Health, 'probe'> | undefined;
  readonly exposition: Pick<Metrics, 'expose'> | undefined;
  readonly usage: Pick<Usage, 'account'> | undefined;
  readonly policies: PolicyRegistry;
  readonly trusts: TrustCheck;
}

/** See the head of this file. */
export class Guard implements AsyncDisposable {
  readonly routes: ProgramRoutes;
  /** Where contracts are mounted, by `name@version`. */
  readonly mounts: ReadonlyMap<string, string>;
  /** Operations of the options that the program does not have. */
  readonly unknownOperations: readonly string[];
  readonly #drain: ServerDrain;
  readonly #wire: ProgramWire;
  readonly #scope: ServedScope;
  readonly #scopes: readonly ServedScope[];
  readonly #handlers = new Map<string, RouteHandler>();
  readonly #makeHandler: (route: ProgramRoute, method: string) => RouteHandler;
  readonly #served: Routes;
  readonly #dispatcher: Dispatcher;
  readonly #prefixes: readonly string[];
  readonly #probes: ReadonlySet<string>;
  /** Of answers whose head is still to be sent. */
  readonly #open = new Set<ServerResponse>();
  readonly #draining: Disposable;

  /**
   * @param name - of the program.
   * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, RouteConflictError `FWK_HTTP_ROUTE_CONFLICT`
   */
  constructor(program: Program, name: string, settings: ProtectOptions, given: GuardParts) {
    const { env, drain, policies } = given;
    const { store, ...bounds } = settings.idempotency;
    const load = settings.loadReports ? new ServerLoad(env.clock) : undefined;
    const parts: ServerParts = {
      env,
      drain,
      // A program answers by itself.
      streams: new OpenStreams(),
      idempotency: store ?? memoryIdempotencyStore(bounds, env.clock),
      limits: TimeLimits.of(env.clock, true),
      load,
      usage: given.usage,
      trusts: given.trusts,
    };
    const { bodyLimitBytes, timeoutMs } = settings;
    const routes = new ProgramRoutes(name, settings.routes, program.routes(), program.ignoresCase);
    this.routes = routes;
    this.#drain = drain;
    this.#wire = {
      bodyLimitBytes,
      // A program does that by itself.
      compression: undefined,
      callerAddress: undefined,
      peerOf: noPeers,
      unsent: new UnsentAnswers(env.clock, serverDefaults.sendTimeoutMs, serverDefaults.maxUnsentBytes),
      load: load?.text,
      draining: () => drain.draining,
      write: (response, answer, told) => {
        const close = drain.draining || answer.status === 413 || leavesTooMuch(response.req, bodyLimitBytes);
        writeAnswer(response, answer, close, told);
      },
    };
    const all = [...routes.all, routes.other];
    const contract = { name, version: '', plans: all.map(({ plan }) => plan) };
    const names = contract.plans.map((plan) => plan.name);
    this.unknownOperations = Object.keys(settings.operations ?? {}).filter((each) => !names.includes(each));
    const mounted = mountedOf(settings.mount);
    checkRoutes(mounted);
    this.mounts = mountPaths(settings.mount);
    this.#prefixes = Object.keys(settings.mount);
    const scopes: ServedScope[] = [];
    try {
      this.#scope = new ServedScope({ contract }, settings, timeoutMs, policies, env);
      scopes.push(this.#scope);
      // Their operations have options where they are served, and each contract has a policy of its own.
      const shared = { ...settings, operations: undefined, policy: undefined };
      for (const each of mounted) scopes.push(new ServedScope(each, shared, timeoutMs, policies, env));
    } catch (error) {
      for (const scope of scopes) void scope[Symbol.asyncDispose]();
      throw error;
    }
    this.#scopes = scopes;
    const works = new Map(all.map((route) => [route.plan.name, this.#workOf(route, parts, bodyLimitBytes)]));
    const layers: ServerScope<ServedRequest, ServedAnswer> = this.#scope.build(new ServedOperations(works));
    this.#makeHandler = ({ plan }, method) =>
      new RouteHandler(parts, { ...plan, method }, works.get(plan.name) as ProgramWork, this.#scope, layers);
    const own = new Set(program.routes().map(({ path }) => path));
    const plain = new Map(
      [...probeHandlers({ ...given, metrics: settings.metrics }, load?.text)].filter(
        ([path]) => !own.has(path) && (settings.probes || !Object.hasOwn(probePaths, path)),
      ),
    );
    this.#probes = new Set(plain.keys());
    this.#served = routesOf(
      mounted.map((each, index) => [each, scopes[index + 1] as ServedScope]),
      plain,
      parts,
    );
    this.#dispatcher = new Dispatcher(this.#served, this.#wire, env.logger);
    this.#draining = drain.onDrain(() => {
      for (const response of this.#open) response.shouldKeepAlive = false;
    });
  }

  /** Lets a request in, or answers it. See `Enter`. */
  enter(message: IncomingMessage, response: ServerResponse, pass: () => void, chosen?: string): void {
    // It came through another guard of the same program, such as the one of its server.
    if (ProgramResponse.of(response) || response.headersSent) {
      pass();
      return;
    }
    // Its caller left while the application was starting.
    if (response.destroyed) return;
    const url = message.url ?? '/';
    const target = targetOf(url);
    if (this.#isOurs(message, target)) {
      this.#dispatcher.dispatch(message, response);
      return;
    }
    const method = message.method ?? 'GET';
    const route = chosen === undefined ? this.routes.find(method, target.path) : this.routes.named(method, chosen);
    const guarded = new ProgramResponse(response, this.#beforeHead);
    if (this.#drain.draining) response.shouldKeepAlive = false;
    this.#open.add(response);
    response.once('close', () => this.#open.delete(response));
    const request = new ProgramRequest(this.#wire, guarded, response, target, route, pass);
    this.#handlerOf(route, method).handle(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#draining[Symbol.dispose]();
    await disposeAll(this.#scopes);
  }

  readonly #beforeHead = (response: ServerResponse): void => {
    this.#open.delete(response);
    const load = this.#wire.load?.();
    if (load !== undefined) response.setHeader(headerNames.load, load);
  };

  /** Probes, and what stands under the path of a contract. */
  #isOurs({ method }: IncomingMessage, target: RequestTarget): boolean {
    const { path } = target;
    if (this.#probes.has(path)) return method === 'GET' || method === 'HEAD';
    return this.#prefixes.some((prefix) =>
      prefix === '/' ? this.#isOperation(method ?? '', target) : path === prefix || path.startsWith(`${prefix}/`),
    );
  }

  /** At the root, what is no operation is the program's. */
  #isOperation(method: string, target: RequestTarget): boolean {
    try {
      return this.#served.find(method, target).route.kind === 'operation';
    } catch (error) {
      if (error instanceof RequestError) return false;
      throw error;
    }
  }

  #workOf(route: ProgramRoute, { idempotency, env }: ServerParts, keptBytes: number): ProgramWork {
    const { plan, key } = route;
    const keyed = key && new KeyedRequests(plan, idempotency, () => this.#scope.limitMs(plan.name), env);
    return new ProgramWork(route, keyed, keptBytes);
  }

  #handlerOf(route: ProgramRoute, given: string): RouteHandler {
    const method = knownMethods.includes(given) ? given : '_OTHER';
    const name = `${method} ${route.plan.name}`;
    const known = this.#handlers.get(name);
    if (known) return known;
    const made = this.#makeHandler(route, method);
    this.#handlers.set(name, made);
    return made;
  }
}

/** What cannot be read is for the program to refuse. */
function targetOf(url: string): RequestTarget {
  try {
    return readTarget(url);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { path: '', dubious: false, query: {} };
  }
}
